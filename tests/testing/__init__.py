"""The pytest plugin for dashboards, used as a dashboard would use it."""

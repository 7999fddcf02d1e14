"""Dashboards that use the plugin the way a real one would."""

"""Juniper, a small marketing dashboard with campaigns, a login and a look of its own.

It stands for the dashboard you already have. Everything it needs from the plugin is in
`plugin.py`, the field in `forms.py` and the saving in `campaigns.py`.
"""

from __future__ import annotations

from examples.dashboard.app import create_app

__all__ = ["create_app"]

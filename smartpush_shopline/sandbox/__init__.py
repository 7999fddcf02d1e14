"""A SHOPLINE store on your own machine: API, OAuth, webhooks and an Admin to click in.

Knows nothing of the plugin and speaks HTTP only. ``python -m smartpush_shopline.sandbox``.
"""

from .app import close, create_app
from .serve import PortInUse, Running, running
from .settings import Settings

__all__ = ["PortInUse", "Running", "Settings", "close", "create_app", "running"]

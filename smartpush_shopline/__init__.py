"""SHOPLINE customer segments inside a Flask marketing dashboard. This is the whole public face."""

from . import errors, signals
from .audiences.book import AudienceRef
from .audiences.choice import Choice
from .audiences.delivery import Progress
from .audiences.field import RecipientsField
from .audiences.sending import Batch, Sender
from .contracts import (
    NoNativeSegments,
    Person,
    Recipient,
    SegmentCard,
    SegmentProvider,
    ShopCard,
)
from .errors import SmartPushError
from .extension import SmartPush

__version__ = "0.1.0"
__all__ = [
    "AudienceRef",
    "Batch",
    "Choice",
    "NoNativeSegments",
    "Person",
    "Progress",
    "Recipient",
    "RecipientsField",
    "SegmentCard",
    "SegmentProvider",
    "Sender",
    "ShopCard",
    "SmartPush",
    "SmartPushError",
    "errors",
    "signals",
]

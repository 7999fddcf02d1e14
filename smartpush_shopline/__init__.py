"""SHOPLINE customer segments inside a Flask marketing dashboard. This is the whole public face."""

from . import errors, signals
from .audiences.book import AudienceRef
from .audiences.choice import Choice
from .audiences.explaining import DecidingFact, Explanation, InSegment
from .audiences.field import RecipientsField
from .contracts import (
    NoNativeSegments,
    Person,
    Recipient,
    SegmentCard,
    SegmentProvider,
    ShopCard,
)
from .errors import ConfigurationError, SmartPushError
from .extension import SmartPush

__version__ = "0.1.0"
__all__ = [
    "AudienceRef",
    "Choice",
    "ConfigurationError",
    "DecidingFact",
    "Explanation",
    "InSegment",
    "NoNativeSegments",
    "Person",
    "Recipient",
    "RecipientsField",
    "SegmentCard",
    "SegmentProvider",
    "ShopCard",
    "SmartPush",
    "SmartPushError",
    "errors",
    "signals",
]

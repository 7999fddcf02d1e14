"""SHOPLINE customer segments inside a Flask marketing dashboard. This is the whole public face."""

from . import errors, signals
from .audiences.book import AudienceRef
from .audiences.choice import Choice
from .audiences.delivery import Progress
from .audiences.picking.field import RecipientsField
from .audiences.sending.batching import Batch, Sender
from .audiences.why.explanation import DecidingFact, Explanation, InSegment
from .contracts import (
    NoNativeSegments,
    OptOut,
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
    "Batch",
    "Choice",
    "ConfigurationError",
    "DecidingFact",
    "Explanation",
    "InSegment",
    "NoNativeSegments",
    "OptOut",
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

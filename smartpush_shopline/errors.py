"""Everything this package raises on purpose, drawn as one tree.

    SmartPushError
    ├── ShoplineError           .permanent .status .trace_id .reason
    │   ├── ShoplineUnreachable     no answer                              try again
    │   ├── ShoplineBusy            throttled or blocked (.retry_after)    try again
    │   ├── ShoplineFailing         their side failed                      try again
    │   ├── ShoplineRefused         the call was understood and refused    permanent
    │   │   ├── NotAuthorised       the token is missing, wrong or expired
    │   │   └── Gone                it no longer exists
    │   └── UnexpectedPayload       also ValueError                        permanent
    ├── DeliveryRefused .reason     a webhook that may not enter
    ├── DeepLinkRefused .reason     a link from the Admin that may not enter
    ├── CannotSend .reason          these recipients cannot be sent to, or not yet
    ├── RecipientsFixed             they are being written to, so nobody chooses others
    ├── StaleChoice                 the audience was saved again meanwhile
    ├── LeaseLost                   another worker holds the shop now
    └── NotFound                    also LookupError
    ConfigurationError              outside the family: `except SmartPushError` must not hide it
"""

from __future__ import annotations

import traceback


class SmartPushError(Exception):
    """Something went wrong in SmartPush."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").splitlines()[0])


class ShoplineError(SmartPushError):
    """SHOPLINE did not do what was asked."""

    permanent = False

    def __init__(
        self,
        message: str | None = None,
        *,
        status: int | None = None,
        trace_id: str | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.trace_id = trace_id
        self.reason = reason

    def __str__(self) -> str:
        facts = [f"HTTP {self.status}" if self.status else "", self.trace_id or ""]
        if self.trace_id:
            facts[1] = f"trace id {self.trace_id}"
        known = ", ".join(fact for fact in facts if fact)
        return f"{super().__str__()} ({known})" if known else super().__str__()


class ShoplineUnreachable(ShoplineError):
    """SHOPLINE did not answer."""


class ShoplineBusy(ShoplineError):
    """SHOPLINE asks for fewer calls."""

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after: float | None = None,
        status: int | None = None,
        trace_id: str | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(message, status=status, trace_id=trace_id, reason=reason)
        self.retry_after = retry_after


class ShoplineFailing(ShoplineError):
    """SHOPLINE failed to answer properly."""


class ShoplineRefused(ShoplineError):
    """SHOPLINE refused the call."""

    permanent = True


class NotAuthorised(ShoplineRefused):
    """SHOPLINE does not accept the store's token."""


class Gone(ShoplineRefused):
    """It no longer exists at SHOPLINE."""


class UnexpectedPayload(ShoplineError, ValueError):
    """SHOPLINE sent something this version cannot read."""

    permanent = True


class _Refused(SmartPushError):
    """Refused."""

    def __init__(self, message: str | None = None, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class DeliveryRefused(_Refused):
    """The delivery was refused."""


class DeepLinkRefused(_Refused):
    """The link was refused."""


class CannotSend(_Refused):
    """These recipients cannot be sent to."""


class RecipientsFixed(SmartPushError):
    """These recipients are being written to already, so they cannot be changed any more."""


class StaleChoice(SmartPushError):
    """These recipients were saved again meanwhile, by somebody else or in another tab."""


class LeaseLost(SmartPushError):
    """Another worker is synchronising this store now."""


class NotFound(SmartPushError, LookupError):
    """There is no such thing here."""


class ConfigurationError(Exception):
    """SmartPush is not set up correctly."""


def trace_of(error: BaseException) -> str:
    """Where an error came from, for the log. An error that is not ours keeps its words to itself:
    a database quotes the row that it refused, which may be a person's.
    """
    said = str(error) if isinstance(error, SmartPushError) else ""
    lines = "".join(traceback.format_tb(error.__traceback__))
    cause = error.__cause__ or error.__context__
    below = f"{trace_of(cause)}which led to\n" if cause is not None else ""
    return f"{below}{lines}{type(error).__name__}: {said}\n"

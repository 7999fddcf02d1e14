"""The GraphQL questions we ask. Nesting stays far below the platform's limit of 13.

Source: developer.shopline.com, Admin GraphQL "Customers".
"""

from __future__ import annotations

MEMBER_COUNT = (
    "query MemberCount($id: ID, $timezone: String) {"
    " customerSegmentMembers(segmentId: $id, timezone: $timezone, first: 1) { totalCount } }"
)
FIGURES = "customer(id: $c{}) {{ numberOfOrders amountSpent {{ amount }} }}"
#: Of the consent mutations the public pages show the input only; the rest is as of the others.
CONSENT_STATE = "UNSUBSCRIBED"
CONSENT_INPUTS = {
    "email": ("Email", "emailMarketingConsent"),
    "sms": ("Sms", "smsMarketingConsent"),
}


def consent_update(channel: str) -> tuple[str, str]:
    """The mutation that changes a customer's consent, and the name of its field."""
    word, _inner = CONSENT_INPUTS[channel]
    field = f"customer{word}MarketingConsentUpdate"
    kind = f"Customer{word}MarketingConsentUpdateInput"
    return (
        f"mutation ConsentUpdate($input: {kind}!) {{ {field}(input: $input)"
        " { userErrors { code field message } } }",
        field,
    )


def consent_input(channel: str, customer: str, at: str) -> dict[str, object]:
    """That this customer opted out, then."""
    _word, inner = CONSENT_INPUTS[channel]
    stated = {"marketingState": CONSENT_STATE, "consentUpdatedAt": at}
    return {"customerId": customer, inner: stated}


def memberships(customers: int, *, figures: bool) -> str:
    """Aliases for each customer: `m0` and, with `figures`, `f0`, of the variable `$c0`; and so on.

    `customer` takes an `ID!`, which the other field, of `ID`, takes as well.
    """
    declared = " ".join(f"$c{number}: ID!" for number in range(customers))
    asked = " ".join(
        f"m{number}: customerSegmentMembership(customerId: $c{number}, segmentIds: $segments)"
        " { memberships { segmentId isMember } }"
        + (f" f{number}: {FIGURES.format(number)}" if figures else "")
        for number in range(customers)
    )
    return f"query Memberships({declared} $segments: [ID]) {{ {asked} }}"

"""What no public page tells about a store's data: customers, segments, orders, GraphQL.

The first answer of each is what the sandbox assumes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    name: str
    title: str
    group: str
    asks: str
    values: dict[str, str]
    """Each plausible answer and what then happens."""


STORE_QUESTIONS: tuple[Question, ...] = (
    Question(
        "consent_bumps_customer",
        "Whether a consent is a change of the customer",
        "Customers",
        "18.9",
        {
            "yes": "updated_at moves, and customers/update is sent.",
            "no": "Only customers_marketing_consent/update tells of it.",
        },
    ),
    Question(
        "order_bumps_customer",
        "Whether an order is a change of the customer",
        "Customers",
        "18.9",
        {
            "yes": "updated_at moves, and customers/update is sent.",
            "no": "Only the orders/* topics tell of it.",
        },
    ),
    Question(
        "customer_list",
        "The order of the customer list",
        "Customers",
        "10.4",
        {"id": "By id.", "updated": "The latest change first; rows can move while it is read."},
    ),
    Question(
        "deprecated",
        "The accepts_* fields",
        "Customers",
        "10.2",
        {"sent": "Still sent.", "gone": "Gone, as has been announced."},
    ),
    Question(
        "webhook_consents",
        "Consents in a customer's webhook",
        "Customers",
        "6.4",
        {"objects": "Consent objects and flags.", "flags": "Flags alone, as in the sample."},
    ),
    Question(
        "membership",
        "How fresh a segment's members are",
        "Segments",
        "18.8",
        {
            "live": "The rule is tried when somebody asks.",
            "snapshot": "As of a snapshot that is up to ten minutes old.",
        },
    ),
    Question(
        "deleted_segment",
        "The members of a deleted segment",
        "Segments",
        "7.2",
        {"404": "404.", "empty": "200 with an empty list."},
    ),
    Question(
        "segment_query",
        "What REST shows of a segment's rule",
        "Segments",
        "18.7",
        {"short": "orders_count:>1;", "json": "The JSON text of the Admin.", "empty": "Nothing."},
    ),
    Question(
        "graphql_segment_ids",
        "A segment's id in GraphQL",
        "GraphQL",
        "18.6",
        {"bare": "GROUP…", "gid": "gid://shopline/Segment/GROUP…"},
    ),
    Question(
        "graphql_most",
        "The largest page of GraphQL",
        "GraphQL",
        "18.6",
        {"100": "100.", "50": "50.", "250": "250."},
    ),
    Question(
        "graphql_unsubscribed",
        "Somebody unsubscribed in GraphQL",
        "GraphQL",
        "8",
        {"word": "UNSUBSCRIBED.", "blank": "An empty text.", "null": "null."},
    ),
    Question(
        "graphql_refusals",
        "A bad token or a full bucket in GraphQL",
        "GraphQL",
        "8.1",
        {"status": "401 and 429.", "body": "200 with an error code in the body."},
    ),
    Question(
        "graphql_cost",
        "What a query cost",
        "GraphQL",
        "18.11",
        {"absent": "Not told.", "told": "Told under extensions.cost."},
    ),
    Question(
        "order_list",
        "Which orders a list without fulfillment_status holds",
        "Orders",
        "17.9",
        {"unshipped": "Those not shipped, as the page says.", "any": "All of them."},
    ),
    Question(
        "order_spelling",
        "How a cancelled order is spelled",
        "Orders",
        "17.8",
        {
            "documented": "canceled in REST, cancelled in webhooks.",
            "canceled": "canceled everywhere.",
            "cancelled": "cancelled everywhere.",
        },
    ),
    Question(
        "order_topic",
        "The topic header of a changed order",
        "Orders",
        "17.10",
        {"orders/updated": "As subscribed.", "orders/update": "As in the example header."},
    ),
)

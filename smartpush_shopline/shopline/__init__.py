"""Talking to SHOPLINE: values, signatures, authorization, the Admin API.

Knows neither Flask nor tables.
"""

from smartpush_shopline.shopline.client import (
    MAX_LIMIT,
    ShoplineClient,
)
from smartpush_shopline.shopline.delivery import (
    DeliveryHeaders,
    canonical_topic,
    parse_delivery_headers,
)
from smartpush_shopline.shopline.graph_models import (
    GraphMember,
    GraphPage,
    GraphSegment,
    GraphShop,
)
from smartpush_shopline.shopline.hints import (
    store_ref_hint,
)
from smartpush_shopline.shopline.messages import (
    AppLifecycle,
    ConsentUpdate,
    CustomerRedact,
    DeletedCustomer,
    ShopUpdate,
    StoreRedact,
    order_name_key,
    parse_app_lifecycle,
    parse_consent_update,
    parse_customer_redact,
    parse_deleted_customer,
    parse_shop_update,
    parse_store_redact,
)
from smartpush_shopline.shopline.models import (
    CONSENT_STATES,
    Consent,
    Customer,
    DeletedSavedSearch,
    Member,
    Money,
    Page,
    SavedSearch,
    ShopInfo,
    SubscribeRecord,
    Subscription,
    Token,
)
from smartpush_shopline.shopline.oauth import (
    OAuth,
)
from smartpush_shopline.shopline.order_api import (
    FULFILMENT_PASSES,
    USUAL_PASSES,
    OrderPass,
)
from smartpush_shopline.shopline.order_models import (
    Attribution,
    DiscountCode,
    Order,
    OrderAddress,
    OrderLine,
    Payment,
    Refund,
    RefundLine,
    merge_orders,
)
from smartpush_shopline.shopline.order_parsing import (
    parse_order,
    parse_order_status,
    parse_order_webhook,
    parse_refund,
)
from smartpush_shopline.shopline.pace import (
    Pace,
)
from smartpush_shopline.shopline.parsing import (
    parse_birthday,
    parse_customer,
    parse_deleted_saved_search,
    parse_flag,
    parse_gender,
    parse_marketing_state,
    parse_member,
    parse_mobile_flag,
    parse_money,
    parse_phone,
    parse_saved_search,
    parse_shop,
    parse_state,
    parse_subscribe_action,
    parse_subscription,
    parse_tags,
    parse_time,
    parse_token,
)
from smartpush_shopline.shopline.segment_api import (
    BY_LAST_ORDER,
    BY_ORDER_COUNT,
)
from smartpush_shopline.shopline.signing import (
    sign_body,
    sign_query,
    verify_query,
    verify_webhook,
)
from smartpush_shopline.shopline.transport import (
    new_session,
)

__all__ = [
    "BY_LAST_ORDER",
    "BY_ORDER_COUNT",
    "CONSENT_STATES",
    "FULFILMENT_PASSES",
    "MAX_LIMIT",
    "USUAL_PASSES",
    "AppLifecycle",
    "Attribution",
    "Consent",
    "ConsentUpdate",
    "Customer",
    "CustomerRedact",
    "DeletedCustomer",
    "DeletedSavedSearch",
    "DeliveryHeaders",
    "DiscountCode",
    "GraphMember",
    "GraphPage",
    "GraphSegment",
    "GraphShop",
    "Member",
    "Money",
    "OAuth",
    "Order",
    "OrderAddress",
    "OrderLine",
    "OrderPass",
    "Pace",
    "Page",
    "Payment",
    "Refund",
    "RefundLine",
    "SavedSearch",
    "ShopInfo",
    "ShopUpdate",
    "ShoplineClient",
    "StoreRedact",
    "SubscribeRecord",
    "Subscription",
    "Token",
    "canonical_topic",
    "merge_orders",
    "new_session",
    "order_name_key",
    "parse_app_lifecycle",
    "parse_birthday",
    "parse_consent_update",
    "parse_customer",
    "parse_customer_redact",
    "parse_deleted_customer",
    "parse_deleted_saved_search",
    "parse_delivery_headers",
    "parse_flag",
    "parse_gender",
    "parse_marketing_state",
    "parse_member",
    "parse_mobile_flag",
    "parse_money",
    "parse_order",
    "parse_order_status",
    "parse_order_webhook",
    "parse_phone",
    "parse_refund",
    "parse_saved_search",
    "parse_shop",
    "parse_shop_update",
    "parse_state",
    "parse_store_redact",
    "parse_subscribe_action",
    "parse_subscription",
    "parse_tags",
    "parse_time",
    "parse_token",
    "sign_body",
    "sign_query",
    "store_ref_hint",
    "verify_query",
    "verify_webhook",
]

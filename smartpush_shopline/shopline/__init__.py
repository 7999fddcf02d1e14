"""Talking to SHOPLINE: values, signatures, authorization, the Admin API.

Knows neither Flask nor tables.
"""

from smartpush_shopline.shopline.client import MAX_LIMIT, ShoplineClient
from smartpush_shopline.shopline.models import (
    CONSENT_STATES,
    Consent,
    Customer,
    DeletedSavedSearch,
    Member,
    Page,
    SavedSearch,
    ShopInfo,
    Subscription,
    Token,
)
from smartpush_shopline.shopline.oauth import OAuth
from smartpush_shopline.shopline.pace import Pace
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
from smartpush_shopline.shopline.signing import sign_body, sign_query, verify_query, verify_webhook
from smartpush_shopline.shopline.transport import new_session

__all__ = [
    "CONSENT_STATES",
    "MAX_LIMIT",
    "Consent",
    "Customer",
    "DeletedSavedSearch",
    "Member",
    "OAuth",
    "Pace",
    "Page",
    "SavedSearch",
    "ShopInfo",
    "ShoplineClient",
    "Subscription",
    "Token",
    "new_session",
    "parse_birthday",
    "parse_customer",
    "parse_deleted_saved_search",
    "parse_flag",
    "parse_gender",
    "parse_marketing_state",
    "parse_member",
    "parse_mobile_flag",
    "parse_money",
    "parse_phone",
    "parse_saved_search",
    "parse_shop",
    "parse_state",
    "parse_subscribe_action",
    "parse_subscription",
    "parse_tags",
    "parse_time",
    "parse_token",
    "sign_body",
    "sign_query",
    "verify_query",
    "verify_webhook",
]

"""How the Admin's Create Campaign names things. All guesses about it live in this file.

No public page says which address and parameters the platform opens, so several spellings are
understood; the segment id is only a pointer and is looked up among the store's own segments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

SEGMENT_NAMES = (
    "segment_id",
    "segmentId",
    "segmentIds",
    "group_id",
    "groupId",
    "groupIds",
    "saved_search_id",
    "customer_group_id",
    "resource_id",
    "resourceId",
    "id",
    "ids",
    "ids[]",
)
PATH = "/"
"""Stands for the last element of the path, which no signature covers."""
ALL_CUSTOMERS = "all"
CHANNEL_NAMES = ("channel", "campaign_type")
_GLOBAL_ID = re.compile(r"^gid://shopline/\w+/")


def segment_refs(params: Mapping[str, str], names: Sequence[str] = ()) -> list[str]:
    """The ids that the link may mean, likeliest first; empty when it names none.

    `names` are the parameters looked at, the first that says something counts; then the path.
    """
    for name in (*(names or SEGMENT_NAMES), PATH):
        if params.get(name):
            ref = _GLOBAL_ID.sub("", params[name]).strip()
            return [ref, f"GROUP{ref}"] if ref.isdecimal() else [ref]
    return []


def with_path(params: Mapping[str, str], ref: str) -> dict[str, str]:
    """The parameters, and what the address names as its last element."""
    last = ref.rstrip("/").rpartition("/")[2]
    return {**params, PATH: last} if last else dict(params)


def is_everyone(refs: list[str]) -> bool:
    return refs == [ALL_CUSTOMERS]


def channel(params: Mapping[str, str]) -> str:
    """E-mail unless the link says SMS."""
    said = next((params[name] for name in CHANNEL_NAMES if params.get(name)), "")
    return "sms" if "sms" in said.lower() else "email"

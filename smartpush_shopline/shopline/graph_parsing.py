"""What Admin GraphQL answers. Source on developer.shopline.com: `SegmentMembershipResponse`."""

from __future__ import annotations

from smartpush_shopline.shopline.fields import Fields
from smartpush_shopline.shopline.values import parse_ref, parse_required_switch


def parse_memberships(connection: Fields) -> dict[str, bool]:
    """`memberships {segmentId isMember}` as segment → is a member."""
    told = {}
    for row, path in connection.rows("memberships", required=True):
        fields = Fields.of(row, path)
        told[fields.read(parse_ref, "segmentId")] = fields.read(parse_required_switch, "isMember")
    return told

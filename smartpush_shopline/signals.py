"""Signals. Sender is the Flask app; they leave after the commit.

`segment_published`        a segment has a new version: shop, segment_id, version, joined, left
`segment_members_changed`  people joined or left: shop, segment_id, version, joined, left
`store_connected`          a store was connected: shop
"""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

segment_published = _signals.signal("smartpush.segment_published")
segment_members_changed = _signals.signal("smartpush.segment_members_changed")
store_connected = _signals.signal("smartpush.store_connected")

"""Signals. Sender is the Flask app; they leave after the commit.

`segment_published`     a segment has a new version: shop, segment_id, version, joined, left
`audience_saved`        recipients of a campaign were saved: campaign_ref, audience_id
`store_connected`       a store was connected: shop
`store_disconnected`    a store uninstalled the app: shop
"""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

segment_published = _signals.signal("smartpush.segment_published")
audience_saved = _signals.signal("smartpush.audience_saved")
store_connected = _signals.signal("smartpush.store_connected")
store_disconnected = _signals.signal("smartpush.store_disconnected")

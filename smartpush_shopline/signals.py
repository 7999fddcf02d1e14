"""Signals. Sender is the Flask app; they leave after the commit.

`segment_published`        a segment has a new version: shop, segment_id, version, joined, left
`segment_members_changed`  people joined or left: shop, segment_id, version, joined, left
`store_connected`          a store was connected: shop
`audience_pinned`          recipients were saved for a campaign, or a person took a newer list or
                           another segment, or a first list came: shop, campaign_ref, field,
                           recipients, revision. A listener uses a session of its own: the
                           dashboard's is between two transactions at that moment
`audience_held`            it is due, and a person has to decide first: shop, campaign_ref, field,
                           reason, segments, decide_by, otherwise. `reason`: held (a list moved
                           too much), deleted, waiting (for a first list), or why nothing can be
                           sent, such as nobody; then nothing happens by itself and `decide_by` is
                           None. `segments`: names, each with `kind`, `moved` (a share), `joined`,
                           `left`. `otherwise`: send or cancel
`audience_frozen`          the sending began and the recipients are fixed: shop, campaign_ref,
                           recipients, digest
`batch_sent`               a batch was confirmed: shop, campaign_ref, number, recipients, key
"""

from __future__ import annotations

from blinker import NamedSignal, Namespace

_signals = Namespace()

segment_published: NamedSignal = _signals.signal("smartpush.segment_published")
segment_members_changed: NamedSignal = _signals.signal("smartpush.segment_members_changed")
store_connected: NamedSignal = _signals.signal("smartpush.store_connected")
audience_pinned: NamedSignal = _signals.signal("smartpush.audience_pinned")
audience_held: NamedSignal = _signals.signal("smartpush.audience_held")
audience_frozen: NamedSignal = _signals.signal("smartpush.audience_frozen")
batch_sent: NamedSignal = _signals.signal("smartpush.batch_sent")

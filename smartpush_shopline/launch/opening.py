"""Create Campaign: one signed link makes one draft, however often it is opened."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..audiences.models import EVERYONE, INCLUDE, OPENED, SEGMENTS, Audience, AudiencePick
from ..errors import Gone, NotFound
from ..segments import publishing
from ..segments.models import DELETED, SHOPLINE, Segment
from ..shopline import SavedSearch, ShoplineClient, new_session
from ..shops import install, reserve, tokens
from ..shops.models import Shop
from ..sync import staleness
from ..web import State
from . import params as wire


def launch_key(params: Mapping[str, str]) -> str:
    """The same parameters give the same draft, however the link was written down."""
    said = "&".join(f"{name}={params[name]}" for name in sorted(params) if name != "sign")
    return hashlib.sha256(said.encode()).hexdigest()


def find_draft(session: Session, key: str) -> Audience | None:
    return session.scalars(select(Audience).where(Audience.launch_key == key)).one_or_none()


def open_draft(state: State, shop: Shop, params: Mapping[str, str]) -> Audience:
    """Raises NotFound when the link names a segment that the store does not have."""
    key = launch_key(params)
    refs = wire.segment_refs(params, state.settings.launch_params)
    segment = None if wire.is_everyone(refs) else find_segment(state, shop, refs)
    try:
        with state.database.begin() as session:
            draft = _new_draft(state, shop, key, wire.channel(params), segment)
            session.add(draft)
            if segment is not None:
                fresh = session.get_one(Segment, segment.id)
                staleness.mark_stale(session, fresh, staleness.PERSON, state.now())
    except IntegrityError:  # opened twice at the same moment
        with state.database.read() as session:
            draft = session.scalars(select(Audience).where(Audience.launch_key == key)).one()
    if segment is not None:
        state.ring("sync", shop.id)
    return draft


def _new_draft(
    state: State, shop: Shop, key: str, channel: str, segment: Segment | None
) -> Audience:
    now = state.now()
    draft = Audience(
        shop_id=shop.id, channel=channel, state=OPENED, launch_key=key, created_at=now, revision=0
    )
    draft.scope = EVERYONE if segment is None else SEGMENTS
    if segment is not None:
        pick = AudiencePick(mode=INCLUDE, segment_id=segment.id, picked_at=now)
        pick.version_id = segment.current_version_id
        draft.picks = [pick]
    return draft


def doubt(state: State, shop: Shop) -> None:
    """The store refused its token: whoever holds the lease sees to it."""
    with state.database.begin() as session:
        install.ask_whether_still_in(session.get_one(Shop, shop.id), state.now())
    state.ring("sync", shop.id)


def find_segment(state: State, shop: Shop, refs: list[str]) -> Segment:
    """Among the store's own segments, else asked of the store at once."""
    with state.database.read() as session:
        for ref in refs:
            known = publishing.find_segment(session, shop.id, SHOPLINE, ref)
            if known is not None and known.state != DELETED:
                return known
    return _ask_the_store(state, shop, refs)


def _ask_the_store(state: State, shop: Shop, refs: list[str]) -> Segment:
    """For a waiting person: without the lease, one call per possible id, each tried once."""
    client = ShoplineClient(
        state.settings.store_url(shop.handle),
        tokens.reveal(shop, state.settings.encryption_keys),
        api_version=state.settings.api_version,
        http=new_session(retries=0),
        pace=reserve.pace_of(state, shop.id),
    )
    for ref in refs:
        try:
            found = client.fetch_saved_search(ref)
        except Gone:
            continue
        keep = partial(_keep, shop_id=shop.id, found=found, now=state.now())
        return state.database.retrying(keep)
    raise NotFound("The store has no such segment.")


def _keep(session: Session, shop_id: int, found: SavedSearch, now: datetime) -> Segment:
    """What the store has is here, even when it was thought deleted."""
    segment = publishing.find_segment(session, shop_id, SHOPLINE, found.ref)
    if segment is None:
        return publishing.add_segment(session, shop_id, SHOPLINE, found.ref, found.name, now)
    if segment.state == DELETED:
        publishing.restore(segment)
    publishing.rename(segment, found.name)
    return segment

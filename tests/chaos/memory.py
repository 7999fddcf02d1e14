"""What must hold after every step, whatever happened in it: nothing is lost, nothing rewritten."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pyroaring import BitMap
from sqlalchemy import select

from smartpush_shopline.audiences import recall
from smartpush_shopline.audiences.models import Audience
from smartpush_shopline.contacts import tombstones
from smartpush_shopline.contacts.models import ConsentEvent, Contact
from smartpush_shopline.members import digest
from smartpush_shopline.segments.models import Segment, SegmentVersion
from smartpush_shopline.settings import Settings
from smartpush_shopline.sync.models import SyncRun
from tests.chaos.wire import PAGE
from tests.chaos.world import World

SNAPSHOT = timedelta(minutes=10)


class Memory:
    """Looks at the tables after each step and compares them with all it has seen before."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.refs: dict[int, str] = {}
        """number → customer, also of those who were erased since"""
        self.facts: dict[int, tuple[Any, ...]] = {}
        self.versions: dict[int, SegmentVersion] = {}
        self.highest: dict[int, int] = {}
        self.saved: dict[tuple[int, tuple[int, ...]], set[int]] = {}
        self.begin_step()

    def begin_step(self) -> None:
        self.seen = {ref: len(told) - 1 for ref, told in self.world.truths.items()}
        self.changes = self.world.changes

    def look(self) -> None:
        assert not self.world.complaints, self.world.complaints
        with self.world.database.read() as session:
            self._numbers(session)
            self._alive(session)
            self._ledger(session)
            self._versions(session)
            self._audiences(session)
        self.begin_step()

    # -- numbers ------------------------------------------------------------------------------

    def _numbers(self, session: Any) -> None:
        rows = session.execute(select(Contact.number, Contact.customer_ref)).all()
        numbers = sorted(number for number, _ in rows)
        assert numbers == list(range(1, len(numbers) + 1)), f"numbers are not dense: {numbers}"
        assert len(numbers) >= len(self.refs), "a number was taken back"
        for number, ref in rows:
            known = self.refs.get(number)
            assert ref is None or known in (None, ref), f"{number} was {known}, is {ref}"
            if ref is not None:
                self.refs[number] = ref
        for ref in self.world.erased - set(self.refs.values()):
            found = tombstones.find(session, self.world.shop_id, "customer_ref", [ref])
            if found:
                self.refs[found[ref]] = ref

    def _alive(self, session: Any) -> None:
        """Only who is gone in the store, or asked to be erased, is gone here."""
        gone = select(Contact.customer_ref).where(Contact.deleted_at.is_not(None))
        for ref in set(session.scalars(gone)) - self.world.erased:
            there = self.world.store.customers.get(ref or "")
            assert there is None, f"{ref} is deleted here, and there in the store"

    # -- the ledger ---------------------------------------------------------------------------

    def _ledger(self, session: Any) -> None:
        event = ConsentEvent
        rows = session.execute(
            select(
                event.id, event.contact_id, event.channel, event.state, event.source,
                event.explicit, event.dated, event.occurred_at, event.recorded_at,
            )
        )  # fmt: skip
        now = {row[0]: tuple(row) for row in rows}
        for number, fact in self.facts.items():
            assert now.get(number) == fact, f"the ledger was rewritten: {fact}, {now.get(number)}"
        self.facts = now

    # -- versions -----------------------------------------------------------------------------

    def _versions(self, session: Any) -> None:
        fields = SegmentVersion.__table__.c
        rows = session.execute(select(fields).order_by(fields.segment_id, fields.version)).all()
        known = self.versions
        for row in rows:
            if row.id in known:
                assert row == known[row.id], f"a version was rewritten: {row}"
            else:
                self._new_version(session, row)
                known[row.id] = row
        for segment in session.scalars(select(Segment)):
            newest = self.highest.get(segment.id)
            current = segment.current_version_id and known[segment.current_version_id].version
            assert current == newest, f"{segment.name} offers {current}, its newest is {newest}"

    def _new_version(self, session: Any, row: Any) -> None:
        before = self.highest.get(row.segment_id, 0)
        assert row.version == before + 1, f"version {row.version} came after {before}"
        self.highest[row.segment_id] = row.version
        earlier = self._members_of(row.segment_id, before)
        assert row.digest == digest(row.members)
        assert row.count == len(row.members)
        assert (row.joined, row.left) == (
            len(row.members - earlier),
            len(earlier - row.members),
        ), f"version {row.version} counts its joined and left wrongly"
        self._whole(session, row, earlier)

    def _members_of(self, segment_id: int, version: int) -> BitMap:
        for row in self.versions.values():
            if (row.segment_id, row.version) == (segment_id, version):
                return row.members
        return BitMap()

    def _whole(self, session: Any, row: Any, earlier: Any) -> None:
        segment = session.get_one(Segment, row.segment_id)
        members = frozenset(self.refs[number] for number in row.members)
        if row.cause == "changes":
            began = session.scalars(
                select(SyncRun.started_at).order_by(SyncRun.id.desc()).limit(1)
            ).one()
            told = self._since(segment.segment_ref, began)
            joined = {self.refs[number] for number in row.members - earlier}
            left = {self.refs[number] for number in earlier - row.members}
            assert joined <= frozenset().union(*told), f"{segment.name}: nobody said they joined"
            assert not left & frozenset.intersection(*told), f"{segment.name}: nobody left"
            return
        told = self._window(segment.segment_ref)
        if self.world.store.moods.membership == "snapshot":
            told += self._since(segment.segment_ref, row.published_at - SNAPSHOT)
        moved = len(set(told)) > 1 and max(map(len, told)) > PAGE
        if moved or self.world.store.moods.members == "shifting":
            assert members <= frozenset().union(*told), f"{segment.name}: a stranger is in it"
        else:
            assert members in told, self._torn(segment, members, told)

    def _torn(self, segment: Segment, members: frozenset[str], told: list[Any]) -> str:
        return f"{segment.name} was never {sorted(members)}, but {[sorted(each) for each in told]}"

    def _window(self, ref: str) -> list[frozenset[str]]:
        """Who was in it at some moment of this step."""
        since = max(0, self.seen.get(ref, 0))
        return [members for _, members in self.world.truths[ref][since:]]

    def _since(self, ref: str, moment: datetime) -> list[frozenset[str]]:
        """Who was in it at some time since then."""
        told = self.world.truths[ref]
        before = [members for at, members in told if at < moment]
        return before[-1:] + [members for at, members in told if at >= moment]

    # -- what a campaign goes to ----------------------------------------------------------------

    def _audiences(self, session: Any) -> None:
        for audience in session.scalars(select(Audience)).unique():
            now = set(recall.recipients_now(session, audience, Settings().drift_threshold))
            lists = tuple(sorted(pick.version_id or 0 for pick in audience.picks))
            saved = set(recall.recipients(session, audience))
            first = self.saved.setdefault((audience.id, lists), saved)  # a first list may come
            assert now <= first, f"{audience.campaign_ref} has grown by {now - first}"

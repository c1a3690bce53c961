"""The queue beside a model of it: whatever workers do in whatever order, both lease, wake and forget alike."""

import asyncio
import itertools
from collections import Counter

from hypothesis import given, settings, strategies as st

from couvert.domain.ids import IdSource
from couvert.store.port import Store
from couvert.store.rows import StoredDelivery
from couvert.store.sqlite.store import SqliteStore
from tests.store.changes import SECOND, Clock, begun, ended, mail, stored

owners = st.sampled_from([1, 2])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("post"), st.integers(1, 3), st.integers(-5, 5)),
        st.tuples(st.just("post_of_another"), st.integers(1, 3), st.integers(-5, 5)),
        st.tuples(st.just("take"), owners, st.integers(1, 4)),
        st.tuples(st.just("renew"), owners, st.integers(0, 20)),
        st.tuples(st.just("release"), owners, st.integers(0, 20)),
        st.tuples(st.just("begin"), owners, st.integers(0, 20)),
        st.tuples(st.just("end"), owners, st.integers(0, 20)),
        st.tuples(st.just("wait"), st.integers(1, 12), st.just(0)),
    ),
    min_size=5,
    max_size=25,
)  # fmt: skip


class Model:
    """Rows by id, as the port's words have them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock, self.ids = store, clock, IdSource(1, clock)
        self.rows: dict[int, StoredDelivery] = {}

    @property
    def until(self) -> int:
        return self.clock.now + 10 * SECOND

    def held(self, owner: int, chosen: int) -> StoredDelivery | None:
        rows = [row for row in self.rows.values() if row.owner == owner]
        return rows[chosen % len(rows)] if rows else None

    async def post_of_another(self, recipients: int, due_in: int) -> None:
        await self.post(recipients, due_in, poster=5)

    async def post(self, recipients: int, due_in: int, poster: int = 0) -> None:
        change = mail(self.ids, recipients, due_at=self.clock.now + due_in * SECOND, poster=poster)
        await self.store.commit(change)
        self.rows |= {row.delivery.id: row for row in change.new_deliveries}

    async def take(self, owner: int, limit: int) -> None:
        now, until = self.clock.now, self.until
        due = [row for row in self.rows.values() if row.wake_at is not None and row.wake_at <= now]
        taken = await self.store.take(owner=owner, now=now, until=until, limit=limit)
        before = [self.rows[each.stored.delivery.id] for each in taken]
        assert [row.delivery.priority for row in before] == sorted(row.delivery.priority for row in due)[:limit]
        for line in {(row.delivery.priority, row.delivery.poster) for row in due}:
            check_line([row for row in before if line_of(row) == line], [row for row in due if line_of(row) == line])
        check_shares(before, due)
        for row in before:
            after = row._replace(revision=row.revision + 1, wake_at=until, owner=owner)
            self.rows[row.delivery.id] = after

    async def renew(self, owner: int, chosen: int) -> None:
        row = self.held(owner, chosen)
        if row is not None:
            await self.store.renew(owner=owner, deliveries=[row.delivery.id], until=self.until)
            self.rows[row.delivery.id] = row._replace(wake_at=self.until)

    async def release(self, owner: int, chosen: int) -> None:
        row = self.held(owner, chosen)
        if row is not None:
            await self.store.release(owner=owner, deliveries=[row.delivery.id])
        if row is not None and not row.delivery.is_begun:
            after = row._replace(wake_at=row.delivery.due_at, owner=0, revision=row.revision + 1)
            self.rows[row.delivery.id] = after

    async def begin(self, owner: int, chosen: int) -> None:
        row = self.held(owner, chosen)
        if row is None or row.delivery.is_begun:
            return
        change = begun(row, until=self.until)
        (result,) = await asyncio.gather(self.store.commit(change), return_exceptions=True)
        assert row.wake_at is not None
        assert isinstance(result, int) == (row.wake_at > self.clock.now)
        if isinstance(result, int):
            (self.rows[row.delivery.id],) = change.deliveries

    async def end(self, owner: int, chosen: int) -> None:
        row = self.held(owner, chosen)
        if row is not None:
            change = ended(row)
            await self.store.commit(change)
            (self.rows[row.delivery.id],) = change.deliveries

    async def wait(self, seconds: int, _: int) -> None:
        self.clock.now += seconds * SECOND


def line_of(row: StoredDelivery) -> tuple[int, int]:
    return row.delivery.priority, row.delivery.poster


def check_line(taken: list[StoredDelivery], due: list[StoredDelivery]) -> None:
    """Of one poster and priority: its longest due."""
    assert [row.delivery.due_at or 0 for row in taken] == sorted(row.delivery.due_at or 0 for row in taken)
    assert sorted(row.wake_at or 0 for row in taken) == sorted(row.wake_at or 0 for row in due)[: len(taken)]


def check_shares(taken: list[StoredDelivery], due: list[StoredDelivery]) -> None:
    """Nobody gets two more than another who has more waiting."""
    got, wanted = Counter(map(line_of, taken)), Counter(map(line_of, due))
    for line, other in itertools.permutations(wanted, 2):
        if line[0] == other[0] and got[other] < wanted[other]:
            assert got[line] <= got[other] + 1


async def live(store: Store, clock: Clock, happening: list[tuple[str, int, int]]) -> None:
    model = Model(store, clock)
    for name, first, second in happening:
        await getattr(model, name)(first, second)
    for row in model.rows.values():
        assert await stored(store, row.delivery.id) == row
    earliest: int | None = min((r.wake_at for r in model.rows.values() if r.wake_at), default=None)
    assert await store.next_wake() == earliest
    look_at = await store.next_look()
    assert earliest is None or (look_at is not None and look_at <= earliest)


@settings(max_examples=min(100, settings().max_examples))  # each opens a store
@given(happening=steps)
def test_the_queue_does_what_its_port_says(happening, tmp_path_factory):
    async def run() -> None:
        clock = Clock()
        store = SqliteStore(tmp_path_factory.mktemp("queue"), clock)
        try:
            await live(store, clock, happening)
        finally:
            await store.close()

    asyncio.run(run())

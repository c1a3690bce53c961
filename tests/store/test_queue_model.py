"""The queue beside a model of it: whatever workers do in whatever order, both lease, wake and forget alike."""

import asyncio

from hypothesis import given, settings, strategies as st

from couvert.domain.ids import IdSource
from couvert.store.port import Store, StoredDelivery, TakenDelivery
from couvert.store.sqlite.store import SqliteStore
from tests.store.changes import SECOND, Clock, begun, ended, mail, stored

owners = st.sampled_from([1, 2])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("post"), st.integers(1, 3), st.integers(-5, 5)),
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

    async def post(self, recipients: int, due_in: int) -> None:
        change = mail(self.ids, recipients, due_at=self.clock.now + due_in * SECOND)
        await self.store.commit(change)
        self.rows |= {row.delivery.id: row for row in change.new_deliveries}

    async def take(self, owner: int, limit: int) -> None:
        now, until = self.clock.now, self.until
        due = [row for row in self.rows.values() if row.wake_at is not None and row.wake_at <= now]
        taken = await self.store.take(owner=owner, now=now, until=until, limit=limit)
        assert list(map(order, taken)) == sorted(map(order, taken))
        before = [self.rows[each.stored.delivery.id] for each in taken]
        assert sorted(map(urgency, before)) == sorted(map(urgency, due))[:limit]
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


def urgency(row: StoredDelivery) -> tuple[int, int]:
    return row.delivery.priority, row.wake_at or 0


def order(taken: TakenDelivery) -> tuple[int, int]:
    return taken.stored.delivery.priority, taken.stored.delivery.due_at or 0


async def live(store: Store, clock: Clock, happening: list[tuple[str, int, int]]) -> None:
    model = Model(store, clock)
    for name, first, second in happening:
        await getattr(model, name)(first, second)
    for row in model.rows.values():
        assert await stored(store, row.delivery.id) == row
    assert await store.next_wake() == min((r.wake_at for r in model.rows.values() if r.wake_at), default=None)


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

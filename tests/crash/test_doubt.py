"""The store does not say how a commit ended: nothing is sent on a guess, and nothing is recorded twice."""

import pytest

from couvert.commands import sandbox
from couvert.commands.consequences import Consequences
from couvert.commands.notices import Notices
from couvert.delivery.transport import Message
from couvert.domain.delivery import State
from couvert.domain.delivery_events import Begun, Sent
from couvert.domain.ids import IdSource
from couvert.domain.refusals import Unavailable
from couvert.wiring import now_ms
from tests.crash.courierhouse import Meddled, accept, courier_of, until

pytestmark = pytest.mark.crash

ALICE, BOB, CHARLIE = "alice@example.com", "bob@example.com", "charlie@example.com"


def in_doubt(kind, *, is_kept):
    """The first commit of this event is kept or not, and answers that nobody knows."""
    doubts = [Unavailable("The disk went away.", may_be_kept=True)]

    async def commit(real, change):
        if doubts and any(isinstance(record.event, kind) for record in change.records):
            if is_kept:
                await real(change)
            raise doubts.pop()
        return await real(change)

    return commit


@pytest.mark.parametrize(
    ("is_kept", "story"), [(True, ["begun", "released", "begun", "sent"]), (False, ["begun", "sent"])]
)
async def test_who_does_not_learn_whether_it_began_sends_nothing(is_kept, story, store, provider, ledger):
    await accept(store, ALICE)
    courier = courier_of(Meddled(store, commit=in_doubt(Begun, is_kept=is_kept)), provider, lease_seconds=0.5)
    courier.start()

    await until(lambda: ledger.in_state(State.SENT) == {ALICE})
    await courier.stop()

    assert ledger.story(ALICE) == story
    assert provider.handed == [ALICE]


@pytest.mark.parametrize("is_kept", [True, False])
async def test_an_outcome_is_recorded_once_however_its_commit_ended(is_kept, store, provider, ledger):
    await accept(store, ALICE)
    courier = courier_of(Meddled(store, commit=in_doubt(Sent, is_kept=is_kept)), provider)
    courier.start()

    await until(lambda: ledger.in_state(State.SENT) == {ALICE})
    await courier.stop()

    assert ledger.story(ALICE) == ["begun", "sent"]
    assert provider.handed == [ALICE]


@pytest.mark.parametrize("is_kept", [True, False])
async def test_what_the_sandbox_may_have_kept_it_keeps_once(is_kept, store):
    doubts = [Unavailable("The disk went away.", may_be_kept=True)]

    async def commit(real, change):
        if not doubts:
            return await real(change)
        if is_kept:
            await real(change)
        raise doubts.pop()

    meddled = Meddled(store, commit=commit)
    mailroom = sandbox.SandboxMailroom(
        meddled, Notices(meddled, now_ms, Consequences(meddled, IdSource(3, now_ms), 3)), now_ms
    )

    await mailroom.keep(Message(1, 1, "shop@example.org", ALICE, b"News\r\n", "<1@example.org>"))

    assert [mail.content for mail in await store.sandbox_mails(1)] == [b"News\r\n"]

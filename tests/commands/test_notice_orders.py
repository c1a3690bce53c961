"""Notices about several recipients, our own records among them, operators who decide: in any order, one end."""

import asyncio
from contextlib import suppress
from typing import NamedTuple

from hypothesis import given, settings, strategies as st

from couvert.commands.accept import AcceptMails
from couvert.commands.attempts import Attempts
from couvert.commands.consequences import Consequences
from couvert.commands.interventions import Interventions
from couvert.commands.notice_intake import TakeNotices
from couvert.commands.notice_reading import ReadNotices
from couvert.commands.notices import Notices
from couvert.delivery.sns import Signatures
from couvert.delivery.transport import Taken, Unknown
from couvert.domain.delivery import State
from couvert.domain.ids import IdSource
from couvert.domain.refusals import NothingToDecide
from couvert.domain.suppression import mark_of
from couvert.readmodels.audit import audit
from couvert.readmodels.rebuild import rebuild
from couvert.store.notices import Source
from couvert.store.sqlite.store import SqliteStore
from tests.commands.desk import BOB, CHARLIE, LEASE_MS, OWNER, Desk, mail
from tests.commands.ses_notices import NoticeKind, ses_notice
from tests.commands.unreliable import UnreliableStore
from tests.readmodels.following import follow
from tests.store.changes import Clock

TO = (BOB.email, CHARLIE.email)
HOUR_MS = 3_600_000
ORDER = [State.UNKNOWN, State.SENT, State.DELIVERED, State.BOUNCED, State.COMPLAINED]
SAYS: dict[NoticeKind, State] = {
    "Send": State.SENT, "DeliveryDelay": State.SENT, "Delivery": State.DELIVERED, "Complaint": State.COMPLAINED,
    "hard bounce": State.BOUNCED, "soft bounce": State.BOUNCED, "content bounce": State.BOUNCED,
}  # fmt: skip
SUPPRESSING = {"hard bounce", "Complaint"}


class Told(NamedTuple):
    """A notice about these recipients. With tags it is about one; without, the provider's id names the message."""

    kind: NoticeKind
    about: tuple[int, ...]
    is_tagged: bool


class Recorded(NamedTuple):
    """How our own attempt ended for this recipient, and whether an operator then said that it was sent."""

    about: int
    is_taken: bool
    is_resolved: bool


Step = Told | Recorded


class Story(NamedTuple):
    ids: tuple[str, str]
    """By which the provider knows the messages: one, as of a relay that splits no mail, or one each, as of SES."""
    first: list[Step]
    second: list[Step]
    """The same things in another order, other notices twice."""


kinds = st.sampled_from(sorted(SAYS))
each = st.sampled_from([(0,), (1,)])
about_one_of_two_messages = st.builds(Told, kinds, each, st.booleans())
about_one_message = st.builds(Told, kinds, each, st.just(True)) | st.builds(
    Told, kinds, st.just((0, 1)), st.just(False)
)
records = st.tuples(*(st.builds(Recorded, st.just(n), st.booleans(), st.booleans()) for n in (0, 1)))


@st.composite
def stories(draw: st.DrawFn) -> Story:
    is_shared = draw(st.booleans())
    told: list[Step] = draw(st.lists(about_one_message if is_shared else about_one_of_two_messages, max_size=5))
    steps = [*told, *draw(records)]
    ids = ("ses-1", "ses-1" if is_shared else "ses-2")
    return Story(ids, draw(st.permutations(steps + told[:3])), draw(st.permutations(steps + told[-2:])))


@settings(max_examples=min(60, settings().max_examples))  # each opens two stores
@given(stories())
def test_whatever_the_order_everybody_ends_as_it_was_told_and_a_rebuild_equals_what_followed(tmp_path_factory, story):
    directory, other = (tmp_path_factory.mktemp("orders") for _ in range(2))

    ends = asyncio.run(_lived(directory, story.ids, story.first))
    follow(directory)

    assert ends == [_end(story.first, about) for about in (0, 1)]
    assert asyncio.run(_lived(other, story.ids, story.second)) == ends
    assert audit(directory).faults.first == []
    assert rebuild(directory).has_agreed


End = tuple[State, bool]
"""A recipient's state, and whether its address is suppressed."""


def _end(steps: list[Step], about: int) -> End:
    """Whatever names the message by the provider's id alone is about it only if we know it by that id."""
    (own,) = (step for step in steps if isinstance(step, Recorded) and step.about == about)
    heard = [s for s in steps if isinstance(s, Told) and about in s.about and (s.is_tagged or own.is_taken)]
    recorded = State.SENT if own.is_taken or own.is_resolved else State.UNKNOWN
    reached = max([recorded, *(SAYS[told.kind] for told in heard)], key=ORDER.index)
    return reached, any(told.kind in SUPPRESSING for told in heard)


async def _lived(directory, ids: tuple[str, str], steps: list[Step]) -> list[End]:
    clock = Clock()
    store = UnreliableStore(SqliteStore(directory, clock))
    attempts = Attempts(store, clock, "hold", LEASE_MS)
    taking = TakeNotices(store, clock, Signatures(()), ())
    reading = ReadNotices(Notices(store, clock, Consequences(store, IdSource(4, clock), 3)), clock)
    desk = Desk(store, clock, AcceptMails(store, IdSource(1, clock), clock))
    await desk.accepted(mail(BOB, CHARLIE))
    taken = await store.take(owner=OWNER, now=clock.now, until=clock.now + LEASE_MS, limit=2)
    begun = [row for each in taken if (row := await attempts.begin(each.stored))]

    for step in steps:
        clock.now += 1_000
        if isinstance(step, Told):
            tagged = (begun[step.about[0]].delivery.id, 1) if step.is_tagged else None
            to = [TO[n] for n in step.about]
            notice = ses_notice(step.kind, *to, tagged=tagged, provider_id=ids[step.about[0]])
            await taking.keep(Source.SNS, [notice])
            await reading.read_due()
            continue
        outcome = Taken(ids[step.about]) if step.is_taken else Unknown("the answer was lost")
        await attempts.record(begun[step.about], outcome)
        if step.is_resolved:
            with suppress(NothingToDecide):
                await Interventions(store, clock).resolve(begun[step.about].delivery.id, "sent")
    clock.now += 12 * HOUR_MS
    await reading.read_due()

    suppressed = await store.active_suppressions([mark_of(address) for address in TO])
    ends = [
        ((await desk.row(row.delivery.id)).delivery.state, mark_of(address) in suppressed)
        for row, address in zip(begun, TO, strict=True)
    ]
    await store.close()
    return ends

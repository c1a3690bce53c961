"""Notices are kept as they came and read afterwards: each is told once, to the delivery that it is about."""

import asyncio

import pytest
from hypothesis import given, settings, strategies as st

from couvert.commands import notice_forms, notice_reading
from couvert.commands.accept import AcceptMails
from couvert.commands.attempts import Attempts
from couvert.commands.consequences import Consequences
from couvert.commands.notice_intake import TakeNotices
from couvert.commands.notice_reading import GIVEN_UP_MS, ReadNotices
from couvert.commands.notices import Notices
from couvert.delivery.letters import message_id
from couvert.delivery.sns import Signatures
from couvert.delivery.transport import Taken
from couvert.domain.delivery import State
from couvert.domain.delivery_events import Bounced, Complained, Confirmed, Delayed, Delivered, Sent
from couvert.domain.ids import IdSource
from couvert.domain.refusals import Conflict
from couvert.readmodels.audit import audit
from couvert.readmodels.rebuild import rebuild
from couvert.store.changes import Change
from couvert.store.notices import NoticeReading, Result, Source
from couvert.store.sqlite.store import SqliteStore
from tests.commands.desk import BOB, CHARLIE, LEASE_MS, Desk, mail
from tests.commands.ses_notices import NoticeKind, in_envelope, ses_notice
from tests.commands.unreliable import UnreliableStore
from tests.readmodels.following import follow
from tests.store.changes import Clock

TO = CHARLIE.email


@pytest.fixture
def reading(notices, clock):
    return ReadNotices(notices, clock)


@pytest.fixture
def bring(store, clock, reading):
    """Keep these notices and read them; what came of the last one, a `Result`."""
    taking = TakeNotices(store, clock, Signatures(()), ())

    async def bring(*bodies):
        digests = await taking.keep(Source.SQS, bodies)
        while await reading.read_due():
            pass
        notice = await store.notice_by_digest(digests[-1])
        assert notice is not None
        return notice.result

    return bring


@pytest.fixture
async def begun(attempts, desk):
    row = await attempts.begin(await desk.leased())
    assert row is not None
    return row


@pytest.fixture
async def sent(attempts, begun, desk):
    await attempts.record(begun, Taken("ses-1"))
    return await desk.row(begun.delivery.id)


@pytest.fixture
async def sent_to_both(attempts, desk, store, clock):
    """Deliveries to Bob and to Charlie that the provider took under one id."""
    await desk.accepted(mail(BOB, CHARLIE))
    taken = await store.take(owner=7, now=clock.now, until=clock.now + LEASE_MS, limit=2)
    for stored, _ in taken:
        await attempts.record(await attempts.begin(stored), Taken("ses-1"))
    return [stored for stored, _ in taken]


@pytest.mark.parametrize(("kind", "event", "state"), [
    ("Delivery", Delivered(1), State.DELIVERED),
    ("hard bounce", Bounced(1, "hard"), State.BOUNCED),
    ("soft bounce", Bounced(1, "soft"), State.BOUNCED),
    ("undetermined bounce", Bounced(1, "undetermined"), State.BOUNCED),
    ("content bounce", Bounced(1, "rejected"), State.BOUNCED),
    ("Reject", Bounced(1, "rejected"), State.BOUNCED),
    ("Rendering Failure", Bounced(1, "rejected"), State.BOUNCED),
    ("Complaint", Complained(1), State.COMPLAINED),
    ("DeliveryDelay", Delayed(1), State.SENT),
])  # fmt: skip
async def test_what_the_provider_says_is_an_event_and_a_state(bring, desk, sent, kind, event, state):
    result = await bring(ses_notice(kind, TO, tagged=(sent.delivery.id, 1)))

    assert result is Result.READ
    assert (await desk.row(sent.delivery.id)).delivery.state is state
    assert (await desk.events(sent))[-1] == event


async def test_the_providers_own_words_are_in_the_timeline(bring, sent, store):
    await bring(ses_notice("hard bounce", TO, tagged=(sent.delivery.id, 1)))

    *_, noted = await store.timeline(sent.delivery.mail_id, 1)
    assert noted.note == "Permanent/General: 5.1.1: smtp; 550 5.1.1 user unknown"


async def test_the_same_notice_adds_nothing_however_often_and_by_whichever_door_it_comes(bring, sent, store):
    notice = ses_notice("Delivery", TO, tagged=(sent.delivery.id, 1))
    await bring(notice)
    before = await store.position()

    await bring(notice, notice, in_envelope(notice), in_envelope(notice, MessageId="another"))

    assert await store.position() == before
    assert sum(total.number for total in await store.notice_totals()) == 1


async def test_what_is_said_in_the_older_form_too_is_told_once(bring, sent, store):
    await bring(ses_notice("hard bounce", TO, tagged=(sent.delivery.id, 1)))
    before = await store.position()

    assert await bring(ses_notice("hard bounce", TO, is_old_form=True)) is Result.READ

    assert await store.position() == before


async def test_without_tags_the_providers_id_names_the_delivery(bring, desk, sent):
    assert await bring(ses_notice("Delivery", TO, provider_id="ses-1", is_old_form=True)) is Result.READ

    assert (await desk.row(sent.delivery.id)).delivery.state is State.DELIVERED


async def test_without_tags_our_message_id_names_the_delivery(bring, desk, sent):
    own_id = message_id(sent.delivery.id, "alice@example.com")

    await bring(ses_notice("Delivery", TO, provider_id="unheard-of", own_id=own_id))

    assert (await desk.row(sent.delivery.id)).delivery.state is State.DELIVERED


async def test_a_notice_that_comes_before_our_own_record_waits_for_it(bring, reading, attempts, begun, desk, clock):
    assert await bring(ses_notice("Delivery", TO, provider_id="ses-1")) is Result.WAITING
    await attempts.record(begun, Taken("ses-1"))
    clock.now += 2_000

    assert await reading.read_due() == 1

    assert (await desk.row(begun.delivery.id)).delivery.state is State.DELIVERED


async def test_a_tagged_notice_need_not_wait_for_our_own_record(bring, attempts, begun, desk):
    await bring(ses_notice("Delivery", TO, tagged=(begun.delivery.id, 1)))
    await attempts.record(begun, Taken("ses-1"))

    assert (await desk.row(begun.delivery.id)).delivery.state is State.DELIVERED
    assert [type(event) for event in await desk.events(begun)][1:] == [Delivered, Sent]


async def test_a_message_that_nobody_here_knows_is_given_up_after_a_day_and_kept(bring, reading, store, clock):
    await bring(ses_notice("Delivery", TO, provider_id="somebody-elses"))
    looks = 0
    while (notice := await store.notice(1)).result is Result.WAITING:
        looks += 1
        clock.now = notice.look_at
        await reading.read_due()

    assert notice.result is Result.UNMATCHED
    assert clock.now - notice.received_at >= GIVEN_UP_MS
    assert looks < 30


@pytest.mark.parametrize("kind", ["Send", "DeliveryDelay"])
async def test_a_provider_that_has_the_message_decides_an_unknown_as_sent(bring, attempts, desk, clock, kind):
    begun = await attempts.begin(await desk.leased())
    clock.now += LEASE_MS
    await attempts.lose(await desk.taken())

    await bring(ses_notice(kind, TO, tagged=(begun.delivery.id, 1)))

    assert (await desk.row(begun.delivery.id)).delivery.state is State.SENT


async def test_that_a_mail_was_sent_is_no_news_to_who_sent_it(bring, sent, store):
    before = await store.position()

    assert await bring(ses_notice("Send", TO, tagged=(sent.delivery.id, 1))) is Result.READ

    assert await store.position() == before


async def test_a_send_notice_stops_what_was_lost_from_being_sent_again(bring, resending, desk, clock, store):
    begun = await resending.begin(await desk.leased())
    clock.now += LEASE_MS
    await resending.lose(await desk.taken())

    await bring(ses_notice("Send", TO, tagged=(begun.delivery.id, 1)))

    assert await store.next_wake() is None
    assert (await desk.events(begun))[-1] == Confirmed(1, "ses-1")


async def test_of_several_recipients_each_is_told_what_is_said_of_it(bring, desk, sent_to_both):
    result = await bring(ses_notice("hard bounce", CHARLIE.email.upper(), "Bob <bob@example.org>"))

    assert result is Result.READ
    states = [(await desk.row(row.delivery.id)).delivery.state for row in sent_to_both]
    assert states == [State.BOUNCED, State.BOUNCED]


async def test_of_several_recipients_of_one_message_a_notice_about_one_is_told_to_that_one(bring, desk, sent_to_both):
    result = await bring(ses_notice("hard bounce", CHARLIE.email))

    assert result is Result.READ
    states = [(await desk.row(row.delivery.id)).delivery.state for row in sent_to_both]
    assert states == [State.SENT, State.BOUNCED]


async def test_who_is_not_ours_among_several_recipients_is_told_of_nobody(bring, sent, desk):
    result = await bring(ses_notice("hard bounce", TO, "dave@example.org", tagged=(sent.delivery.id, 1)))

    assert result is Result.UNMATCHED
    assert (await desk.events(sent))[-1] == Bounced(1, "hard")
    assert sum(isinstance(event, Bounced) for event in await desk.events(sent)) == 1


async def test_a_bounce_may_name_the_address_that_a_recipients_mail_was_forwarded_to(bring, sent, desk):
    await bring(ses_notice("hard bounce", "elsewhere@example.net", tagged=(sent.delivery.id, 1)))

    assert (await desk.row(sent.delivery.id)).delivery.state is State.BOUNCED


async def test_a_notice_of_another_installations_delivery_of_the_same_id_is_told_to_nobody(bring, sent, desk):
    tagged = (sent.delivery.id, 1)

    result = await bring(ses_notice("hard bounce", "eve@example.net", tagged=tagged, provider_id="ses-of-theirs"))

    assert result is Result.UNMATCHED
    assert (await desk.row(sent.delivery.id)).delivery.state is State.SENT


@pytest.mark.parametrize("attempt", [0, 2])
async def test_a_notice_about_an_attempt_that_was_never_begun_is_told_to_nobody(bring, sent, store, attempt):
    before = await store.position()

    result = await bring(ses_notice("Delivery", TO, tagged=(sent.delivery.id, attempt), provider_id="other"))

    assert (result, await store.position()) == (Result.UNMATCHED, before)


@pytest.mark.parametrize(("body", "result", "detail"), [
    (ses_notice("Open", TO), Result.UNKNOWN, "Open"),
    (in_envelope(b"Successfully validated SNS topic for Amazon SES event publishing."), Result.UNKNOWN, "text"),
    (b'{"eventType": "Bounce", "mail": {"messageId": "1"}}', Result.UNREADABLE, "its bounce is missing"),
    (b'{"a": ' * 20_000, Result.UNREADABLE, "it is no JSON"),
    (b"{}", Result.UNREADABLE, "it has neither an eventType nor a notificationType"),
    (b"", Result.UNREADABLE, "it is no delivery status notification, and nothing that resembles a bounce"),
])  # fmt: skip
async def test_what_cannot_be_told_is_kept_with_the_reason(bring, store, body, result, detail):
    assert await bring(body) is result

    notice = await store.notice(1)
    assert (notice.body, notice.detail) == (body, detail)


async def test_half_a_surrogate_pair_keeps_no_notice_from_being_told(bring, begun, desk):
    told = ses_notice("Send", TO, tagged=(begun.delivery.id, 1), provider_id="\ud800")
    nobodys = ses_notice("Delivery", TO, provider_id="\udfff")

    assert [await bring(told), await bring(nobodys)] == [Result.READ, Result.WAITING]
    assert (await desk.row(begun.delivery.id)).delivery.state is State.SENT


async def test_after_a_bug_in_reading_the_others_are_read_and_it_is_read_again(
    bring, reading, sent, store, desk, clock, monkeypatch
):
    tagged = (sent.delivery.id, 1)
    with monkeypatch.context() as broken:
        read = notice_forms.statements_of
        broken.setattr(notice_reading, "statements_of", lambda raw: read(raw) if b"Complaint" in raw else 1 / 0)
        await bring(ses_notice("Delivery", TO, tagged=tagged), ses_notice("Complaint", TO, tagged=tagged))
    failed = await store.notices({Result.FAILED}, 10)

    await store.commit(Change(at=clock.now, read_again=[notice.id for notice in failed]))
    await reading.read_due()

    assert [notice.detail for notice in failed] == ["ZeroDivisionError: division by zero"]
    assert (await desk.events(sent))[-2:] == [Complained(1), Delivered(1)]
    assert (await desk.row(sent.delivery.id)).delivery.state is State.COMPLAINED


async def test_a_notice_is_read_by_one_of_two_who_try(bring, reading, sent, store, clock):
    await TakeNotices(store, clock, Signatures(()), ()).keep(
        Source.SNS, [ses_notice("Delivery", TO, tagged=(sent.delivery.id, 1))]
    )
    (notice,) = await store.due_notices(clock.now, 10)
    before = await store.position()

    results = await asyncio.gather(*(reading.read(notice) for _ in range(5)))

    assert (results, await store.position()) == ([Result.READ] * 5, before + 1)


async def test_what_was_read_meanwhile_cannot_be_read_again(bring, reading, sent, store, clock):
    await bring(ses_notice("Delivery", TO, tagged=(sent.delivery.id, 1)))

    with pytest.raises(Conflict):
        await store.commit(Change(at=clock.now, readings=[NoticeReading(1, Result.READ)]))


# --- In any order -----------------------------------------------------------------------------------------------------

KINDS: list[NoticeKind] = [
    "Send", "Delivery", "hard bounce", "soft bounce", "content bounce", "Complaint", "DeliveryDelay",
]  # fmt: skip
FURTHEST: dict[NoticeKind, State] = {"Delivery": State.DELIVERED, "Complaint": State.COMPLAINED}
SENT_ONLY = {"Send", "DeliveryDelay"}
ORDER = [State.SENT, State.DELIVERED, State.BOUNCED, State.COMPLAINED]
many = st.lists(st.sampled_from(KINDS), min_size=1, max_size=6)


@settings(max_examples=min(60, settings().max_examples))  # each opens a store
@given(
    many.flatmap(lambda once: st.tuples(st.just(once), st.permutations(once + once[:3]))),
    st.sampled_from(["before", "after", "never"]),
    st.booleans(),
    st.lists(st.booleans(), min_size=9, max_size=9),
)
def test_notices_in_any_order_and_number_leave_one_state_that_the_audit_and_a_rebuild_agree_with(
    tmp_path_factory, both, recorded, is_tagged, through_sns
):
    once, as_they_came = both
    directory = tmp_path_factory.mktemp("notices")

    state, events = asyncio.run(_heard(directory, as_they_came, recorded, is_tagged, through_sns))
    follow(directory)

    reached = [State.SENT if kind in SENT_ONLY else FURTHEST.get(kind, State.BOUNCED) for kind in once]
    assert state is (max(reached, key=ORDER.index) if is_tagged or recorded != "never" else State.UNKNOWN)
    assert len(events) == len(set(events))
    assert audit(directory).faults.first == []
    assert rebuild(directory).has_agreed


async def _heard(directory, kinds, recorded, is_tagged, through_sns):
    clock = Clock()
    store = UnreliableStore(SqliteStore(directory, clock))
    desk = Desk(store, clock, AcceptMails(store, IdSource(1, clock), clock))
    attempts = Attempts(store, clock, "hold", LEASE_MS)
    taking, reading = (
        TakeNotices(store, clock, Signatures(()), ()),
        ReadNotices(Notices(store, clock, Consequences(store, IdSource(4, clock), 3)), clock),
    )
    begun = await attempts.begin(await desk.leased())
    assert begun is not None
    if recorded == "before":
        await attempts.record(begun, Taken("ses-1"))
    tagged = (begun.delivery.id, 1) if is_tagged else None
    for kind, is_wrapped in zip(kinds, through_sns, strict=False):
        notice = ses_notice(kind, TO, tagged=tagged)
        await taking.keep(Source.SNS, [in_envelope(notice) if is_wrapped else notice])
        await reading.read_due()
    if recorded == "after":
        await attempts.record(begun, Taken("ses-1"))
    clock.now += LEASE_MS
    if recorded == "never":
        await attempts.lose(await desk.taken())
    await reading.read_due()
    state, events = (await desk.row(begun.delivery.id)).delivery.state, await desk.events(begun)
    await store.close()
    return state, events

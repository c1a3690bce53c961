"""One Idempotency-Key, one mail: however often it is sent, by however many at once, and whatever dies in between."""

import asyncio

import pytest

from couvert.commands.idempotency import WINDOW_MS, IdempotencyKeys
from couvert.delivery.transport import Refused, Taken
from couvert.domain.refusals import Conflict, Unavailable
from tests.api.v1.service import MESSAGE_ID, ORIGIN, THREE
from tests.api.v1.test_mail import count_of_mails

ONCE = {"Idempotency-Key": "once"}


async def test_fifty_equal_posts_at_once_are_one_mail(service, key):
    answers = await asyncio.gather(*[service.post_mail(key, headers=ONCE) for _ in range(50)])

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 200
    assert set(statuses) <= {200, 409}
    assert await count_of_mails(service) == 1
    assert service.courier.handed_over == ["john@example.com"]


async def test_fifty_equal_posts_to_two_processes_are_one_mail(service, key):
    """Processes share the store and nothing else."""
    other = IdempotencyKeys(service.store, service.clock)
    ours = service.parts.idempotency
    object.__setattr__(service.parts, "idempotency", TakingTurns(ours, other))

    answers = await asyncio.gather(*[service.post_mail(key, headers=ONCE) for _ in range(50)])

    assert {answer.status_code for answer in answers} <= {200, 409}
    assert await count_of_mails(service) == 1


class TakingTurns:
    def __init__(self, *processes):
        self.processes, self.asked = processes, 0

    def running(self, claim):
        self.asked += 1
        return self.processes[self.asked % 2].running(claim)

    def __getattr__(self, name):
        return getattr(self.processes[0], name)


async def test_a_repeat_has_the_first_answers_bytes_and_an_id_of_its_own(service, key):
    first = await service.post_mail(key, headers=ONCE)
    service.clock.now += 60_000
    service.courier.says = Taken("another id")

    again = await service.post_mail(key, headers=ONCE)

    assert again.content == first.content
    assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await count_of_mails(service) == 1


async def test_a_repeat_for_several_recipients_has_the_first_answers_bytes(service, key):
    first = await service.post_mail(key, headers=ONCE, recipients=THREE)
    service.clock.now += 60_000

    again = await service.post_mail(key, headers=ONCE, recipients=THREE)

    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await count_of_mails(service) == 1


async def test_the_same_key_of_another_client_is_another_key(service, key):
    other = await service.new_key()

    await service.post_mail(key, headers=ONCE)
    await service.post_mail(other, headers=ONCE)

    assert await count_of_mails(service) == 2


async def test_after_a_week_a_key_is_new(service, key):
    await service.post_mail(key, headers=ONCE)
    service.clock.now += WINDOW_MS

    answer = await service.post_mail(key, headers=ONCE)

    assert "Idempotent-Replayed" not in answer.headers
    assert await count_of_mails(service) == 2


# --- What leaves a key unused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [{"html_template": "{{nickname}}"}, {"recipients": []}])
async def test_a_mail_that_was_turned_away_leaves_its_key_unused(service, key, wrong):
    await service.post_mail(key, headers=ONCE, **wrong)

    answer = await service.post_mail(key, headers=ONCE)

    assert answer.status_code == 200
    assert "Idempotent-Replayed" not in answer.headers


async def test_a_mail_that_the_provider_refused_leaves_its_key_unused(service, key):
    service.courier.says = Refused("550 no such user")
    await service.post_mail(key, headers=ONCE)
    service.courier.says = Taken(MESSAGE_ID)

    answer = await service.post_mail(key, headers=ONCE)

    assert answer.status_code == 200
    assert await count_of_mails(service) == 2


@pytest.mark.parametrize("unfit", ["", " ", "two words", "x" * 257, "\u00e9t\u00e9", "tab\there"])
async def test_a_key_has_1_to_256_visible_characters(service, key, unfit):
    answer = await service.post_mail(key, headers={"Idempotency-Key": unfit.encode("latin-1")})

    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["message"]
    assert await count_of_mails(service) == 0


async def test_the_longest_key_is_good(service, key):
    assert (await service.post_mail(key, headers={"Idempotency-Key": "~" * 256})).status_code == 200


# --- When the process dies between commit and answer ------------------------------------------------------------------


async def lose_the_answer(service, key, monkeypatch, **changes):
    """The mail is kept and its key with it, and then nobody is left to keep the answer."""

    async def died(_keys, _claim, _answer):
        raise Unavailable("the process is gone")

    with monkeypatch.context() as patched:
        patched.setattr(IdempotencyKeys, "answer", died)
        return await service.post_mail(key, headers=ONCE, **changes)


async def test_a_lost_answer_is_made_of_the_outcome(service, key, monkeypatch):
    first = await lose_the_answer(service, key, monkeypatch)
    service.clock.now += 60_000

    again = await service.post_mail(key, headers=ONCE)

    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await count_of_mails(service) == 1


async def test_an_answer_that_was_lost_is_kept_the_second_time(service, key, monkeypatch):
    await lose_the_answer(service, key, monkeypatch)

    await service.post_mail(key, headers=ONCE)

    kept = service.store._reader.execute("select answer is not null from idempotency").fetchall()
    assert kept == [(1,)]


async def test_trouble_with_the_answer_never_sends_a_mail_again(service, key, monkeypatch):
    async def in_conflict(_keys, _claim, _answer):
        raise Conflict("somebody else was faster")

    monkeypatch.setattr(IdempotencyKeys, "answer", in_conflict)
    await service.post_mail(key, headers=ONCE)

    assert service.courier.handed_over == ["john@example.com"]
    assert await count_of_mails(service) == 1


async def test_a_refusal_whose_answer_was_lost_is_refused_again_and_then_forgotten(service, key, monkeypatch):
    service.courier.says = Refused("550 no such user")
    first = await lose_the_answer(service, key, monkeypatch)
    service.courier.says = Taken(MESSAGE_ID)

    again = await service.post_mail(key, headers=ONCE)
    third = await service.post_mail(key, headers=ONCE)

    assert (first.status_code, again.status_code, third.status_code) == (400, 400, 200)
    assert "550 no such user" in again.json()["message"]
    assert await count_of_mails(service) == 2


async def test_a_mail_nobody_has_handed_over_yet_is_waited_for(open_service, monkeypatch):
    service = open_service(v1_patience_seconds=0.05)
    key = await service.new_key()
    service.courier.says = None
    await lose_the_answer(service, key, monkeypatch)

    again = await service.post_mail(key, headers=ONCE)

    assert again.json()["message"] == "Email queued"
    assert again.json()["data"]["status"]["queued_at"] == "2025-01-27T10:30:00Z"


async def test_a_commit_whose_end_nobody_saw_is_safe_to_repeat(service, key, monkeypatch):
    commit = service.store.commit

    async def commit_unseen(change):
        await commit(change)
        raise Unavailable("it broke", may_be_kept=True)

    with monkeypatch.context() as patched:
        patched.setattr(service.store, "commit", commit_unseen)
        first = await service.post_mail(key, headers=ONCE, recipients=THREE)
    again = await service.post_mail(key, headers=ONCE, recipients=THREE)

    assert first.status_code == 503
    assert "may have been accepted" in first.json()["details"]
    assert again.status_code == 200
    assert await count_of_mails(service) == 1


async def test_another_body_under_the_same_key_is_a_conflict_in_flight_too(open_service):
    service = open_service(v1_patience_seconds=0.1)
    key = await service.new_key()
    service.courier.says = None

    first = asyncio.create_task(service.post_mail(key, headers=ONCE))
    await asyncio.sleep(0.03)
    other = await service.post_mail(key, headers=ONCE, subject="Another")

    assert other.status_code == 409
    assert other.json()["error_type"] == "idempotency_key_reused"
    assert other.headers["Access-Control-Allow-Origin"] == ORIGIN
    await first

"""Idempotency keys: one key stands for one request, and a repeat gets what the first one got."""

import pytest

from couvert.commands.idempotency import WINDOW_MS, IdempotencyKeys, claim_of
from couvert.domain.refusals import IdempotencyInProgress, IdempotencyKeyReused
from tests.commands.desk import mail
from tests.store.changes import NOW


def claim(who="alice", method="POST", path="/v1/mail", key="order-1", body=b"{}"):
    return claim_of(who=who, method=method, path=path, key=key, body=body)


CLAIM, OTHER_BODY = claim(), claim(body=b"{ }")


@pytest.fixture
def idempotency(store, clock) -> IdempotencyKeys:
    return IdempotencyKeys(store, clock)


@pytest.mark.parametrize("changed", [
    {"who": "bob"}, {"method": "PUT"}, {"path": "/v2/mails"}, {"key": "order-2"}, {"key": "ORDER-1"},
], ids=str)  # fmt: skip
def test_a_key_belongs_to_who_asked_and_what_was_asked(changed):
    assert claim(**changed).scope != CLAIM.scope


def test_the_request_is_its_body_byte_for_byte():
    assert OTHER_BODY.scope == CLAIM.scope
    assert OTHER_BODY.request != CLAIM.request


def test_nothing_of_the_request_can_be_read_from_a_claim():
    assert (len(CLAIM.scope), len(CLAIM.request)) == (32, 32)


async def test_a_key_that_was_never_used_stands_for_nothing(idempotency):
    assert await idempotency.earlier(CLAIM) is None


async def test_a_used_key_stands_for_its_mail_and_then_for_its_answer(idempotency, mails):
    accepted = await mails.accept(mail(), key=None, claim=CLAIM)
    before = await idempotency.earlier(CLAIM)

    await idempotency.answer(CLAIM, b"200 OK")

    after = await idempotency.earlier(CLAIM)
    assert (before.mail_id, before.position, before.answer) == (accepted.mail_id, accepted.position, None)
    assert after == before._replace(answer=b"200 OK")


async def test_a_key_used_for_another_request_is_refused(idempotency, mails):
    await mails.accept(mail(), key=None, claim=CLAIM)

    with pytest.raises(IdempotencyKeyReused):
        await idempotency.earlier(OTHER_BODY)


async def test_a_key_is_freed_when_its_request_came_to_nothing(idempotency, mails):
    await mails.accept(mail(), key=None, claim=CLAIM)

    await idempotency.answer(CLAIM, None)

    assert await idempotency.earlier(CLAIM) is None
    assert await idempotency.earlier(OTHER_BODY) is None


@pytest.mark.parametrize(("late_ms", "is_known"), [(WINDOW_MS - 1, True), (WINDOW_MS, False)])
async def test_a_key_is_forgotten_after_a_week(idempotency, mails, clock, late_ms, is_known):
    await mails.accept(mail(), key=None, claim=CLAIM)

    clock.now = NOW + late_ms

    assert (await idempotency.earlier(CLAIM) is not None) is is_known
    assert WINDOW_MS == 7 * 24 * 3_600_000


async def test_a_forgotten_key_can_be_used_again(idempotency, mails, clock):
    await mails.accept(mail(), key=None, claim=CLAIM)
    clock.now += WINDOW_MS
    await idempotency.earlier(OTHER_BODY)

    again = await mails.accept(mail(), key=None, claim=OTHER_BODY)

    assert (await idempotency.earlier(OTHER_BODY)).mail_id == again.mail_id


async def test_a_forgotten_key_that_another_process_claims_anew_is_not_freed(store, idempotency, mails, clock):
    await mails.accept(mail(), key=None, claim=CLAIM)
    clock.now += WINDOW_MS
    forgotten = await store.idempotency(CLAIM.scope)
    await idempotency.earlier(CLAIM)
    anew = await mails.accept(mail(), key=None, claim=CLAIM)
    late = IdempotencyKeys(Stale(store, forgotten), idempotency.now_ms)  # type: ignore[arg-type]

    found = await late.earlier(CLAIM)

    assert found is not None
    assert found.mail_id == anew.mail_id
    assert await idempotency.earlier(CLAIM) == found


class Stale:
    """The store, which is asked for a key a moment too early."""

    def __init__(self, store, *read):
        self._read = list(read)
        self._store = store
        self.commit = store.commit

    async def idempotency(self, scope):
        return self._read.pop() if self._read else await self._store.idempotency(scope)


# --- While the first request runs -------------------------------------------------------------------------------------


def test_a_second_request_with_the_same_key_is_told_to_ask_again(idempotency):
    with idempotency.running(CLAIM), pytest.raises(IdempotencyInProgress), idempotency.running(CLAIM):
        pass


def test_a_second_request_with_another_body_is_refused(idempotency):
    with idempotency.running(CLAIM), pytest.raises(IdempotencyKeyReused), idempotency.running(OTHER_BODY):
        pass


def test_other_keys_do_not_wait(idempotency):
    with idempotency.running(CLAIM), idempotency.running(claim(key="order-2")):
        pass


def test_a_key_is_let_go_whatever_becomes_of_its_request(idempotency):
    with pytest.raises(KeyboardInterrupt), idempotency.running(CLAIM):
        raise KeyboardInterrupt

    with idempotency.running(CLAIM):
        pass


def test_a_refused_second_request_does_not_let_go_of_the_firsts_key(idempotency):
    with idempotency.running(CLAIM):
        with pytest.raises(IdempotencyInProgress), idempotency.running(CLAIM):
            pass
        with pytest.raises(IdempotencyInProgress), idempotency.running(CLAIM):
            pass


async def test_how_long_a_key_stands_is_a_setting(store, mails, clock):
    keys = IdempotencyKeys(store, clock, window_ms=24 * 3_600_000)
    await mails.accept(mail(), key=None, claim=CLAIM)

    clock.now += 24 * 3_600_000 - 1
    assert await keys.earlier(CLAIM) is not None
    clock.now += 1
    assert await keys.earlier(CLAIM) is None

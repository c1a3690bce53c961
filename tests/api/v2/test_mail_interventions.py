"""Cancel and retry over HTTP: what is answered, and what a repeat is told."""

import pytest

from couvert.commands.attempts import Attempts
from couvert.delivery.transport import Refused, Taken, Unknown
from tests.api.v2.post_office import JANE, data, faults, mail
from tests.commands.desk import LEASE_MS, OWNER


@pytest.fixture
def posted(office):
    """A mail whose first deliveries ended as told; the id as clients know it."""

    async def post(*outcomes, recipients=3, **changes):
        body = mail(recipients=[{**JANE, "email": f"c{n}@example.com"} for n in range(recipients)], **changes)
        mail_id = data(await office.send(body))["mailId"]
        clock = office.service.clock
        attempts = Attempts(office.store, clock, "hold", LEASE_MS)
        for outcome in outcomes:
            (taken,) = await office.store.take(owner=OWNER, now=clock(), until=clock() + LEASE_MS, limit=1)
            begun = await attempts.begin(taken.stored)
            assert begun is not None
            await attempts.record(begun, outcome)
        return mail_id

    return post


def counts(answer):
    found = data(answer, 200)["counts"]
    assert len(found) == 10
    return {state: count for state, count in found.items() if count}


async def test_a_mail_is_stopped(office, posted):
    mail_id = await posted(Taken("x"))

    answer = await office.post(f"/v2/mails/{mail_id}/cancel")

    assert counts(answer) == {"sent": 1, "cancelled": 2}
    assert data(answer, 200) | {"counts": None} == {
        "mailId": mail_id, "recipientCount": 3, "changed": 2, "counts": None,
    }  # fmt: skip
    assert answer.headers["etag"] == str(await office.store.position())
    assert answer.json()["params"] == {"mailId": mail_id}


async def test_nothing_is_left_to_stop(office, posted):
    mail_id = await posted(recipients=1)
    await office.post(f"/v2/mails/{mail_id}/cancel")

    answer = await office.post(f"/v2/mails/{mail_id}/cancel")

    assert answer.status_code == 409
    assert answer.json()["error"]["errors"][0]["reason"] == "conflict"
    assert "etag" not in answer.headers


@pytest.mark.parametrize("what", ["cancel", "retry"])
@pytest.mark.parametrize("mail_id", ["mail_0000000000001", "nonsense", "dlv_0000000000001"])
async def test_a_mail_that_is_not_there(office, what, mail_id):
    answer = await office.post(f"/v2/mails/{mail_id}/{what}")

    assert answer.status_code == 404
    assert answer.json()["error"]["errors"][0]["reason"] == "not_found"


async def test_a_stop_that_is_repeated_with_its_key_is_answered_alike(office, posted):
    mail_id = await posted()
    first = await office.post(f"/v2/mails/{mail_id}/cancel", key="k-1")

    again = await office.post(f"/v2/mails/{mail_id}/cancel", key="k-1")

    assert again.headers["Idempotent-Replayed"] == "true"
    assert (data(again, 200), again.headers["etag"]) == (data(first, 200), first.headers["etag"])


async def test_only_what_failed_is_sent_again(office, posted):
    mail_id = await posted(Refused("550"), Unknown("?"), Taken("x"))
    office.service.courier.woken = 0

    answer = await office.post(f"/v2/mails/{mail_id}/retry")

    assert counts(answer) == {"queued": 1, "unknown": 1, "sent": 1}
    assert data(answer, 200)["changed"] == 1
    assert answer.headers["etag"] == str(await office.store.position())
    assert office.service.courier.woken == 1


@pytest.mark.parametrize(("unknown", "state"), [("resend", "queued"), ("sent", "sent")])
async def test_what_is_unknown_is_decided(office, posted, unknown, state):
    mail_id = await posted(Unknown("?"), recipients=1)

    assert counts(await office.post(f"/v2/mails/{mail_id}/retry?unknown={unknown}")) == {state: 1}


async def test_there_are_two_decisions(office, posted):
    mail_id = await posted()

    assert [*faults(await office.post(f"/v2/mails/{mail_id}/retry?unknown=maybe"))] == ["unknown"]


async def test_nothing_to_send_again_changes_nothing(office, posted):
    mail_id = await posted(Taken("x"), recipients=1)
    before = await office.store.position()

    answer = await office.post(f"/v2/mails/{mail_id}/retry", key="k-1")
    again = await office.post(f"/v2/mails/{mail_id}/retry", key="k-1")

    assert (data(answer, 200)["changed"], answer.headers["etag"]) == (0, str(before))
    assert again.headers["Idempotent-Replayed"] == "true"


async def test_a_mail_that_has_expired_is_not_sent_again(office, posted):
    mail_id = await posted(Refused("550"), recipients=1, expiresAt="2100-01-01T00:00:00Z")
    office.service.clock.now = 4_102_444_800_000

    assert (await office.post(f"/v2/mails/{mail_id}/retry")).status_code == 409


@pytest.mark.parametrize("what", ["cancel", "retry"])
async def test_who_may_only_read_changes_nothing(office, posted, what):
    mail_id = await posted()

    assert (await office.post(f"/v2/mails/{mail_id}/{what}", token="bob")).status_code == 403

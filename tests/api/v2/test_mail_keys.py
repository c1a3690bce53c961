"""Idempotency-Key on mails: one key is one mail, whatever happens between the commit and the answer."""

import asyncio

import pytest

from couvert.domain.refusals import Unavailable
from tests.api.v2.post_office import MAIL, PostOffice, data, mail


async def test_a_repeat_gets_the_first_answer(office):
    first = await office.send(MAIL, key="k-1")
    await office.send(MAIL)

    again = await office.send(MAIL, key="k-1")

    assert again.headers["Idempotent-Replayed"] == "true"
    assert (again.status_code, data(again), again.headers["etag"]) == (202, data(first), first.headers["etag"])
    assert again.json()["id"] != first.json()["id"]
    assert "Idempotent-Replayed" not in first.headers
    assert await office.store.position() == 2


async def test_the_key_stands_for_one_body(office):
    await office.send(MAIL, key="k-1")

    answer = await office.send(mail(subject="Another"), key="k-1")

    assert answer.status_code == 409
    assert answer.json()["error"]["errors"][0]["reason"] == "idempotency_key_reused"
    assert await office.store.position() == 1


async def test_a_key_is_its_users_and_its_addresses(office):
    await office.send(MAIL, key="k-1")
    office.guests.tokens["carol"] = office.guests.tokens["alice"]._replace(user=2)

    assert "Idempotent-Replayed" not in (await office.send(MAIL, key="k-1", token="carol")).headers
    batch = await office.post("/v2/mails/batch", {"mails": [MAIL]}, key="k-1")
    assert "Idempotent-Replayed" not in batch.headers
    assert await office.store.position() == 3


async def test_a_refusal_leaves_the_key_unused(office):
    assert (await office.send(mail(subject="{{nope}}"), key="k-1")).status_code == 400
    assert (await office.send(MAIL, key="k-1")).status_code == 202


async def test_fifty_equal_posts_at_once_make_one_mail(office):
    answers = await asyncio.gather(*[office.send(MAIL, key="k-1") for _ in range(50)])

    assert await office.store.position() == 1
    assert {answer.status_code for answer in answers} <= {202, 409}
    first = [answer for answer in answers if answer.status_code == 202 and "Idempotent-Replayed" not in answer.headers]
    assert len(first) == 1
    for answer in answers:
        if answer.status_code == 202:
            assert data(answer) == data(first[0])
        else:
            assert answer.json()["error"]["errors"][0]["reason"] == "idempotency_in_progress"
            assert answer.headers["Retry-After"] == "1"


async def test_fifty_equal_posts_to_two_processes_make_one_mail(office, tmp_path):
    other = PostOffice(tmp_path)
    try:
        doors = [office, other] * 25
        answers = await asyncio.gather(*[door.send(MAIL, key="k-1") for door in doors])
    finally:
        await other.service.close()

    assert await office.store.position() == 1
    assert len({str(data(answer)) for answer in answers if answer.status_code == 202}) == 1


async def test_a_key_is_kept_with_its_mail_though_nobody_was_answered(office, monkeypatch):
    commit, kept = office.store.commit, asyncio.Event()

    async def commit_and_then_nothing(change):
        await commit(change)
        kept.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(office.store, "commit", commit_and_then_nothing)
    asking = asyncio.create_task(office.send(MAIL, key="k-1"))
    await kept.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    monkeypatch.setattr(office.store, "commit", commit)

    again = await office.send(MAIL, key="k-1")

    assert again.headers["Idempotent-Replayed"] == "true"
    assert (data(again)["status"], data(again)["recipientCount"], again.headers["etag"]) == ("queued", 1, "1")
    assert await office.store.position() == 1


async def test_a_process_that_died_before_it_answered_is_answered_for_by_the_next(tmp_path, monkeypatch):
    first = PostOffice(tmp_path)

    async def kept_unseen(change):
        await type(first.store).commit(first.store, change)
        raise Unavailable("nobody saw the end", may_be_kept=True)

    monkeypatch.setattr(first.store, "commit", kept_unseen)
    assert (await first.send(MAIL, key="k-1")).status_code == 503
    await first.service.close()
    second = PostOffice(tmp_path)
    try:
        again = await second.send(MAIL, key="k-1")
        position = await second.store.position()
    finally:
        await second.service.close()

    assert again.headers["Idempotent-Replayed"] == "true"
    assert (data(again)["recipientCount"], again.headers["etag"], position) == (1, "1", 1)


@pytest.mark.parametrize("path", ["/v2/mails", "/v2/mails/batch"])
async def test_a_commit_that_failed_leaves_the_key_unused(office, monkeypatch, path):
    body = MAIL if path == "/v2/mails" else {"mails": [MAIL]}
    commit = office.store.commit

    async def full(change):
        raise Unavailable("the disk is full")

    monkeypatch.setattr(office.store, "commit", full)
    refused = await office.post(path, body, key="k-1")
    monkeypatch.setattr(office.store, "commit", commit)
    answer = await office.post(path, body, key="k-1")

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert answer.status_code == 202
    assert "Idempotent-Replayed" not in answer.headers


async def test_the_repeat_of_a_preview_names_no_event_either(office):
    first, again = [await office.post("/v2/mails/preview", MAIL, key="k-1") for _ in range(2)]

    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["data"] == first.json()["data"]
    assert "etag" not in first.headers
    assert "etag" not in again.headers

"""POST /v2/mails/batch: many different mails in one commit, each judged by itself."""

import pytest

from couvert.api.v2.mailing import handlers
from couvert.domain import ids
from tests.api.v2.post_office import JANE, data, faults, mail

BROKEN = mail(subject="{{nope}}", recipients=[{"email": "nobody"}])


async def batch(office, *bodies, strict=None, **given):
    query = "" if strict is None else f"?strict={strict}"
    return await office.post(f"/v2/mails/batch{query}", {"mails": list(bodies)}, **given)


async def count_of_mails(office):
    return await office.store.position()


async def test_mails_are_queued_in_order_in_one_commit(office):
    answer = await batch(office, *[mail(subject=f"No. {n}", recipients=[JANE] * (n + 1)) for n in range(3)])

    results = data(answer)["results"]
    assert [(each["index"], each["status"], each["recipientCount"], each["error"]) for each in results] == [
        (0, "queued", 1, None), (1, "queued", 2, None), (2, "queued", 3, None),
    ]  # fmt: skip
    contents = [await office.store.content(ids.decode("mail", each["mailId"])) for each in results]
    assert [content.subject for content in contents] == ["No. 0", "No. 1", "No. 2"]
    assert answer.headers["etag"] == str(await count_of_mails(office)) == "3"
    assert office.service.courier.woken == 1


async def test_what_is_wrong_is_refused_by_itself(office):
    results = data(await batch(office, mail(), BROKEN, "no mail", mail(subject="{{nope}}")))["results"]

    assert [each["status"] for each in results] == ["queued", "refused", "refused", "refused"]
    assert [each["mailId"] is None for each in results] == [False, True, True, True]
    assert {key: results[1][key] for key in ("index", "recipientCount")} == {"index": 1, "recipientCount": 0}
    error = results[1]["error"]
    assert (error["code"], error["message"]) == (400, "Bad Request")
    assert {item["reason"] for item in error["errors"]} == {"recipients.0.email"}
    assert [item["reason"] for item in results[3]["error"]["errors"]] == ["subject"]
    assert await count_of_mails(office) == 1


async def test_all_may_be_refused(office):
    await office.send(mail())

    answer = await batch(office, BROKEN, BROKEN)

    assert [each["status"] for each in data(answer)["results"]] == ["refused", "refused"]
    assert answer.headers["etag"] == "1"
    assert await count_of_mails(office) == 1


async def test_strictly_any_fault_refuses_all_and_has_its_path(office):
    answer = await batch(office, mail(), mail(), mail(replyTo="x"), BROKEN, mail(subject="{{nope}}"), 5, strict="true")

    found = faults(answer)
    assert set(found) == {"mails.2.replyTo", "mails.3.recipients.0.email", "mails.4.subject", "mails.5"}
    assert await count_of_mails(office) == 0


async def test_strictly_what_is_right_is_queued(office):
    assert len(data(await batch(office, mail(), mail(), strict="true"))["results"]) == 2


@pytest.mark.parametrize("strict", ["maybe", ""])
async def test_strict_is_yes_or_no(office, strict):
    assert [*faults(await batch(office, mail(), strict=strict))] == ["strict"]


@pytest.mark.parametrize("body", [{}, {"mails": None}, {"mails": []}, {"mails": {}}, {"mails": [mail()] * 501}])
async def test_a_batch_has_one_to_five_hundred_mails(office, body):
    assert [*faults(await office.post("/v2/mails/batch", body))] == ["mails"]
    assert await count_of_mails(office) == 0


async def test_five_hundred_are_taken(office):
    answer = await batch(office, *[mail(subject=str(n)) for n in range(500)])

    assert len({each["mailId"] for each in data(answer)["results"]}) == 500
    assert await count_of_mails(office) == 500


async def test_a_batch_has_an_end_to_its_recipients(office, monkeypatch):
    monkeypatch.setattr(handlers, "MOST_RECIPIENTS_OF_BATCH", 3)

    assert [*faults(await batch(office, mail(recipients=[JANE] * 2), mail(recipients=[JANE] * 2)))] == ["mails"]
    assert await count_of_mails(office) == 0


async def test_a_repeat_with_its_key_gets_the_first_results(office):
    first = await batch(office, mail(), BROKEN, key="k-1")

    again = await batch(office, mail(), BROKEN, key="k-1")

    assert again.headers["Idempotent-Replayed"] == "true"
    assert (data(again), again.headers["etag"]) == (data(first), first.headers["etag"])
    assert await count_of_mails(office) == 1


async def test_that_all_were_refused_is_repeated_too(office):
    first = await batch(office, BROKEN, key="k-1")

    again = await batch(office, BROKEN, key="k-1")

    assert again.headers["Idempotent-Replayed"] == "true"
    assert data(again) == data(first)


async def test_a_strict_refusal_leaves_the_key_unused(office):
    await batch(office, BROKEN, key="k-1", strict="true")

    assert (await batch(office, mail(), key="k-1", strict="true")).status_code == 202


async def test_a_bare_answer_is_the_list_of_results(office):
    answer = await batch(office, mail(), BROKEN, headers={"Prefer": "envelope=none"})

    assert [each["status"] for each in answer.json()] == ["queued", "refused"]
    assert "error" not in answer.json()[0]

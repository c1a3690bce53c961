"""`GET /v2/events`: the log by cursor, by type and by subject."""

import pytest

from couvert.domain import ids


async def happen(room):
    """Six events: a mail to two, one sent and one failed; then another mail, which waits."""
    first = await room.post("one", "a@example.net", "b@example.net")
    await room.world.work("taken", "refused")
    second = await room.post("two")
    return first, second


async def page(room, query="", **given):
    answer = await room.get(f"/v2/events{query}", **given)
    assert answer.status_code == 200, answer.text
    return answer.json()


def types(answer):
    return [event["type"] for event in answer["data"]["events"]]


async def test_the_log_is_read_oldest_first_and_ids_are_strings(room):
    first, second = await happen(room)

    answer = await page(room)

    assert [event["eventId"] for event in answer["data"]["events"]] == [str(n) for n in range(1, 7)]
    assert answer["meta"]["nextCursor"] is None
    assert answer["data"]["events"][-1] == {
        "eventId": "6",
        "type": "mail.accepted",
        "at": "2025-01-27T17:46:40.000Z",
        "subject": ids.encode("mail", second),
        "mailId": ids.encode("mail", second),
        "deliveryId": None,
        "detail": None,
        "data": answer["data"]["events"][-1]["data"],
    }
    begun = answer["data"]["events"][1]
    assert (begun["type"], begun["data"]) == ("delivery.begun", {"attempt": 1})
    assert begun["subject"] == begun["deliveryId"] == ids.encode("dlv", first + 1)


async def test_the_providers_words_stand_with_the_event(room):
    await happen(room)

    [failed] = (await page(room, "?type=delivery.failed"))["data"]["events"]

    assert failed["detail"] == "550 no such user"


async def test_pages_follow_each_other_by_cursor(room):
    await happen(room)

    first = await page(room, "?limit=4")
    second = await page(room, f"?limit=4&cursor={first['meta']['nextCursor']}")

    assert [event["eventId"] for event in first["data"]["events"] + second["data"]["events"]] == list("123456")


async def test_events_after_one(room):
    await happen(room)

    assert [event["eventId"] for event in (await page(room, "?after=4"))["data"]["events"]] == ["5", "6"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("mail.accepted", 2), ("delivery.sent,delivery.failed", 2), ("delivery.complained", 0), ("delivery.begun", 2)],
)
async def test_events_of_a_type(room, wanted, found):
    await happen(room)

    assert len(types(await page(room, f"?type={wanted}"))) == found


async def test_events_of_a_delivery_and_of_a_mail_with_its_deliveries(room):
    first, second = await happen(room)

    assert types(await page(room, f"?subject={ids.encode('dlv', first + 2)}")) == ["delivery.begun", "delivery.failed"]
    assert len(types(await page(room, f"?subject={ids.encode('mail', first)}"))) == 5
    assert types(await page(room, f"?subject={ids.encode('mail', second)}&type=mail.accepted")) == ["mail.accepted"]


async def test_a_rare_type_is_looked_for_page_by_page(room, monkeypatch):
    monkeypatch.setattr("couvert.readmodels.event_views.LOOKED_AT", 2)
    await happen(room)

    answers = [await page(room, "?type=delivery.failed")]
    while cursor := answers[-1]["meta"]["nextCursor"]:
        answers.append(await page(room, f"?type=delivery.failed&cursor={cursor}"))

    assert len(answers) == 3
    assert [type_ for answer in answers for type_ in types(answer)] == ["delivery.failed"]


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ("type=mail.eaten", 400, "type"), ("subject=mail_0000000000001", 404, "not_found"), ("after=x", 400, "after"),
        ("cursor=AAAA", 400, "cursor"), ("limit=501", 400, "limit"), ("subject=nonsense", 404, "not_found"),
    ],
)  # fmt: skip
async def test_what_cannot_be_meant_is_refused_by_name(room, query, status, reason):
    await happen(room)

    answer = await room.get(f"/v2/events?{query}")

    assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (status, reason)


async def test_bare_events_are_an_array_with_pagination_headers(room):
    await happen(room)

    answer = await room.get("/v2/events?limit=2&skip=1", headers={"Prefer": "envelope=none"})
    past = await room.get("/v2/events?page=100", headers={"Prefer": "envelope=none"})

    assert [event["eventId"] for event in answer.json()] == ["2", "3"]
    assert [answer.headers[f"X-Pagination-{name}"] for name in ("Limit", "Skip", "Page")] == ["2", "1", "1"]
    assert int(answer.headers["X-Pagination-TotalCount"]) >= 3
    assert (past.json(), past.headers["X-Pagination-TotalCount"]) == ([], "6")


async def test_a_mail_that_is_due_at_the_end_of_time_is_told(room):
    await room.post("late", due_at=253_402_300_799_999)

    answer = await page(room)

    told = answer["data"]["events"][0]["data"]
    assert told["dueAt"] == told["giveUpAt"] == "9999-12-31T23:59:59.999Z"

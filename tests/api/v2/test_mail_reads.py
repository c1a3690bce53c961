"""`GET /v2/mails`, a mail and its deliveries, as the contract has them."""

import asyncio
from datetime import UTC, datetime

import pytest

from couvert.domain import ids
from couvert.domain.ids import created_at

NEWEST_FIRST = ["third", "second", "first"]


def mail_name(mail_id):
    return ids.encode("mail", mail_id)


async def three(room):
    """Each a second after the one before."""
    made = []
    for subject in reversed(NEWEST_FIRST):
        made.append(await room.post(subject))
        room.world.now += 1_000
    return made


async def subjects(room, query="", **given):
    return [mail["subject"] for mail in (await room.data(f"/v2/mails{query}", **given))["mails"]]


async def reasons(room, path):
    answer = await room.get(path)
    return answer.status_code, [item["reason"] for item in answer.json()["error"]["errors"]]


# --- One mail ---------------------------------------------------------------------------------------------------------


async def test_a_mail_has_all_that_was_said_of_it(room):
    room.world.now = 1_737_973_800_000
    mail_id = await room.post(
        "Hello {{name}}", "a@example.net", "b@example.net",
        email_id="msg-1", client_env_id="env-1", project_id="project-1", closure_id="closure-1", tags=("welcome", "x"),
        due_at=room.world.now + 60_000, expires_at=room.world.now + 120_000,
    )  # fmt: skip

    mail = await room.data(f"/v2/mails/{mail_name(mail_id)}")

    assert list(mail) == [
        "mailId", "emailId", "clientEnvId", "projectId", "closureId", "subject", "sender", "tags", "status",
        "recipientCount", "counts", "createdAt", "scheduledAt", "expiresAt",
    ]  # fmt: skip
    assert mail["mailId"] == mail_name(mail_id)
    assert (mail["emailId"], mail["clientEnvId"], mail["projectId"], mail["closureId"]) == (
        "msg-1", "env-1", "project-1", "closure-1",
    )  # fmt: skip
    assert mail["subject"] == "Hello {{name}}"
    assert mail["sender"] == {"email": "alice@example.com", "name": "Alice", "organisationName": "Acme"}
    assert (mail["tags"], mail["status"], mail["recipientCount"]) == (["welcome", "x"], "queued", 2)
    assert mail["createdAt"] == "2025-01-27T10:30:00.000Z"
    assert (mail["scheduledAt"], mail["expiresAt"]) == ("2025-01-27T10:31:00.000Z", "2025-01-27T10:32:00.000Z")


async def test_counts_add_up_whatever_happened(room):
    mail_id = await room.world.accept(4)
    await room.world.work("taken", "refused", "unknown")

    mail = await room.data(f"/v2/mails/{mail_name(mail_id)}")

    assert sum(mail["counts"].values()) == mail["recipientCount"] == 4
    assert {name for name, count in mail["counts"].items() if count} == {"sent", "failed", "unknown", "queued"}
    assert list(mail["counts"]) == [
        "queued", "sent", "delivered", "bounced", "complained", "failed", "suppressed", "cancelled", "expired",
        "unknown",
    ]  # fmt: skip


async def test_a_mail_is_done_once_every_recipient_has_an_outcome_and_unknown_is_one(room):
    mail_id = await room.world.accept(2)
    await room.world.work("taken")
    before = await room.data(f"/v2/mails/{mail_name(mail_id)}")
    await room.world.work("unknown")

    assert before["status"] == "queued"
    assert (await room.data(f"/v2/mails/{mail_name(mail_id)}"))["status"] == "done"


@pytest.mark.parametrize("mail_id", ["mail_0000000000001", "nonsense", "dlv_0000000000001"])
@pytest.mark.parametrize("more", ["", "/deliveries"])
async def test_a_mail_that_is_not_there(room, mail_id, more):
    await room.post()

    assert await reasons(room, f"/v2/mails/{mail_id}{more}") == (404, ["not_found"])


async def test_bare_answers_are_the_resource_itself_without_what_is_absent(room):
    mail_id = await room.post(email_id="msg-1")

    answer = await room.get(f"/v2/mails/{mail_name(mail_id)}", headers={"Prefer": "envelope=none"})

    assert answer.json()["mailId"] == mail_name(mail_id)
    assert "clientEnvId" not in answer.json()


# --- The list ---------------------------------------------------------------------------------------------------------


async def test_mails_are_listed_newest_first_as_they_are_read_alone(room):
    made = await three(room)

    mails = (await room.data("/v2/mails"))["mails"]

    assert [mail["subject"] for mail in mails] == NEWEST_FIRST
    assert mails[0] == await room.data(f"/v2/mails/{mail_name(made[-1])}")


async def test_pages_follow_each_other_and_stay_as_they_are_while_mails_arrive(room):
    await three(room)

    first = (await room.get("/v2/mails?limit=2")).json()
    await room.post("newer")
    second = (await room.get(f"/v2/mails?limit=2&cursor={first['meta']['nextCursor']}")).json()

    assert [mail["subject"] for mail in first["data"]["mails"]] == ["third", "second"]
    assert [mail["subject"] for mail in second["data"]["mails"]] == ["first"]
    assert first["meta"]["totalCount"] == 3
    assert second["meta"]["nextCursor"] is None


async def test_skip_and_page_lead_to_the_same_and_skip_wins(room):
    await three(room)

    assert await subjects(room, "?limit=1&skip=1") == ["second"]
    assert await subjects(room, "?limit=1&page=2") == ["second"]
    assert await subjects(room, "?limit=1&page=1&skip=2") == ["first"]


async def test_bare_lists_have_pagination_headers_and_are_empty_past_the_end(room):
    await three(room)

    answer = await room.get("/v2/mails?limit=2&page=3", headers={"Prefer": "envelope=none"})

    assert answer.json() == []
    names = ("Limit", "Skip", "Page", "TotalCount")
    assert [answer.headers[f"X-Pagination-{name}"] for name in names] == ["2", "4", "3", "3"]


async def test_past_the_end_is_empty_however_far(room):
    await three(room)

    assert await subjects(room, "?limit=500&page=10000") == []


@pytest.mark.parametrize("path", ["/v2/mails", "/v2/mails/{}/deliveries", "/v2/events", "/v2/suppressions"])
async def test_a_page_past_the_end_is_told_as_it_was_asked_for(room, path):
    mail_id = await room.post()
    asked = f"{path.format(ids.encode('mail', mail_id))}?limit=500&page=30"

    answer = await room.get(asked, headers={"Prefer": "envelope=none"})

    assert answer.json() == []
    told = [answer.headers[f"X-Pagination-{name}"] for name in ("Limit", "Skip", "Page", "TotalCount")]
    assert told == ["500", "14500", "30", "0" if path == "/v2/suppressions" else "1"]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("limit=0", "limit"), ("limit=501", "limit"), ("skip=10001", "skip"), ("status=sent", "status"),
        ("state=done", "state"), ("recipient=nobody", "recipient"), ("from=yesterday", "from"),
        ("to=2025-01-27T10:30:00", "to"), ("q=%21%21", "q"), ("cursor=made-up", "cursor"), ("cursor=AAAA", "cursor"),
    ],
)  # fmt: skip
async def test_what_cannot_be_meant_is_refused_by_name(room, query, reason):
    await three(room)

    assert await reasons(room, f"/v2/mails?{query}") == (400, [reason])


async def test_a_cursor_of_another_filter_is_refused(room):
    await three(room)
    cursor = (await room.get("/v2/mails?limit=1")).json()["meta"]["nextCursor"]

    assert await reasons(room, f"/v2/mails?limit=1&status=queued&cursor={cursor}") == (400, ["cursor"])


async def test_the_filter_is_repeated_in_params(room):
    answer = await room.get("/v2/mails?emailId=%20msg-1&limit=7&recipient=Bob%40EXAMPLE.net")

    assert answer.json()["params"] == {"emailId": "msg-1", "limit": 7, "recipient": "Bob@example.net"}


async def test_a_token_that_may_not_read_is_refused(room):
    room.guests.tokens["writer"] = room.guests.tokens["alice"]._replace(roles=frozenset({"api_write"}))
    room.guests.in_store = room.guests.tokens

    answer = await room.get("/v2/mails", token="writer")

    assert answer.status_code == 403


# --- Filters ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    ["emailId=e-1", "clientEnvId=c-1", "projectId=p-1", "closureId=k-1", "tag=t-1", "recipient=ann%40EXAMPLE.net",
     "q=sal", "subject=SALUT", "q=a%20salut", "emailId=e-1&tag=t-1&q=salut&recipient=ann%40example.net&status=queued"],
)  # fmt: skip
async def test_each_filter_finds_what_it_is_about(room, query):
    await room.post("other", "zed@example.net", email_id="e-2", client_env_id="c-2", tags=("t-2",))
    await room.post(
        "Salut à tous", "ann@example.net", "bob@example.net",
        email_id="e-1", client_env_id="c-1", project_id="p-1", closure_id="k-1", tags=("t-0", "t-1"),
    )  # fmt: skip
    await room.post("another")

    assert await subjects(room, f"?{query}") == ["Salut à tous"]


@pytest.mark.parametrize(
    "query",
    ["emailId=e", "recipient=Ann%40example.net", "q=alut", "q=salut%20nobody", "emailId=e-1&tag=t-2", "status=done"],
)
async def test_filters_find_nothing_else(room, query):
    await room.post("Salut à tous", "ann@example.net", email_id="e-1", tags=("t-1",))
    await room.post("other", tags=("t-2",))

    assert await subjects(room, f"?{query}") == []


@pytest.mark.parametrize("text", ["Grüße", "grusse", "GRÜSSE", "gru", "zoë", "zoe", "2024", "grüße%20202"])
async def test_free_text_cares_neither_for_case_nor_for_accents(room, text):
    await room.post("Grüße an Zoë, Nr. 202477")
    await room.post("Gross 1")

    assert await subjects(room, f"?q={text}") == ["Grüße an Zoë, Nr. 202477"]


async def test_mails_of_a_status_and_with_a_delivery_in_a_state(room):
    sent = await room.post("sent", "a@example.net")
    await room.world.work("taken")
    mixed = await room.post("mixed", "a@example.net", "b@example.net", "c@example.net")
    await room.world.work("taken", "refused")
    assert sent < mixed

    assert await subjects(room, "?status=queued") == ["mixed"]
    assert await subjects(room, "?status=done") == ["sent"]
    assert await subjects(room, "?state=sent") == ["mixed", "sent"]
    assert await subjects(room, "?state=failed") == ["mixed"]
    assert await subjects(room, "?state=sent&status=done") == ["sent"]
    assert await subjects(room, "?state=bounced") == []


async def test_mails_of_a_time_from_included_to_left_out(room):
    made = await three(room)
    second = datetime.fromtimestamp(created_at(made[1]) / 1000, UTC).isoformat().replace("+00:00", "Z")

    assert await subjects(room, f"?from={second}") == ["third", "second"]
    assert await subjects(room, f"?to={second}") == ["first"]
    assert await subjects(room, f"?from={second.replace('Z', '%2B00:00')}&to=2030-01-01T00:00:00%2B01:00") == [
        "third", "second",
    ]  # fmt: skip


async def test_pages_of_a_filter_follow_each_other(room):
    for n in range(5):
        await room.post(f"order {n}", tags=("even",) if n % 2 == 0 else ())

    first = (await room.get("/v2/mails?tag=even&limit=2")).json()
    second = (await room.get(f"/v2/mails?tag=even&limit=2&cursor={first['meta']['nextCursor']}")).json()

    assert [mail["subject"] for mail in first["data"]["mails"] + second["data"]["mails"]] == [
        "order 4", "order 2", "order 0",
    ]  # fmt: skip
    assert (first["meta"]["totalCount"], second["meta"]["nextCursor"]) == (3, None)


async def test_totals_are_exact_up_to_a_limit_and_then_at_least(room, monkeypatch):
    monkeypatch.setattr("couvert.readmodels.pages.MOST_COUNTED", 2)
    await room.post("one")
    await room.post("two")
    exact = (await room.get("/v2/mails")).json()["meta"]
    await room.post("three")

    meta = (await room.get("/v2/mails")).json()["meta"]

    assert (exact["totalCount"], "totalCountAtLeast" in exact) == (2, False)
    assert (meta["totalCount"], meta["totalCountAtLeast"]) == (None, 3)


async def test_what_was_just_accepted_is_listed_where_its_event_is_asked_for(room):
    await asyncio.gather(*(room.post(f"number {n}") for n in range(20)))

    assert len(await subjects(room, "?q=number")) == 20


# --- Deliveries of a mail ---------------------------------------------------------------------------------------------


async def test_a_mail_has_a_delivery_per_recipient_in_their_order(room):
    mail_id = await room.post("Hello", "a@example.net", "b@example.net", "c@example.net")
    await room.world.work("taken", "later")

    rows = (await room.data(f"/v2/mails/{mail_name(mail_id)}/deliveries"))["deliveries"]

    assert [row["deliveryId"] for row in rows] == [ids.encode("dlv", mail_id + n) for n in (1, 2, 3)]
    assert [row["recipient"]["email"] for row in rows] == ["a@example.net", "b@example.net", "c@example.net"]
    assert [row["state"] for row in rows] == ["sent", "queued", "queued"]
    assert [row["attempts"] for row in rows] == [1, 1, 0]
    assert [row["lastError"] for row in rows] == [None, "451 try again", None]
    assert rows[0] == {
        "deliveryId": ids.encode("dlv", mail_id + 1),
        "mailId": mail_name(mail_id),
        "recipient": {"email": "a@example.net", "name": "Zoë", "company": "Acme", "emailRecipientId": "r-1"},
        "state": "sent",
        "attempts": 1,
        "lastError": None,
        "providerMessageId": "0102018f-1",
        "queuedAt": "2025-01-27T17:46:40.000Z",
        "nextAttemptAt": None,
        "sentAt": "2025-01-27T17:46:40.000Z",
    }
    assert rows[1]["nextAttemptAt"] > rows[1]["queuedAt"]
    assert "timeline" not in rows[0]


async def test_deliveries_come_in_pages_by_cursor_and_by_skip(room):
    mail_id = await room.post("Hello", *(f"{n}@example.net" for n in range(5)))
    path = f"/v2/mails/{mail_name(mail_id)}/deliveries"

    first = (await room.get(f"{path}?limit=3")).json()
    second = (await room.get(f"{path}?limit=3&cursor={first['meta']['nextCursor']}")).json()
    skipped = (await room.get(f"{path}?limit=2&skip=4", headers={"Prefer": "envelope=none"})).json()

    emails = [row["recipient"]["email"][0] for row in first["data"]["deliveries"] + second["data"]["deliveries"]]
    assert "".join(emails) == "01234"
    assert (first["meta"]["totalCount"], second["meta"]["nextCursor"]) == (5, None)
    assert [row["recipient"]["email"] for row in skipped] == ["4@example.net"]
    assert await reasons(room, f"{path}?cursor=made-up") == (400, ["cursor"])

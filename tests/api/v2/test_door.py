"""What every request passes: syntax, wait, authenticate, count, execute."""

import asyncio

import pytest

LIMITS = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]


def reasons(answer):
    return [item["reason"] for item in answer.json()["error"]["errors"]]


# --- Syntax -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("If-Event-Reached", "abc"), ("If-Event-Reached", ""), ("If-Event-Reached", "-1"), ("If-Event-Reached", '"1'),
        ("If-Event-Reached", "1.5"), ("If-Event-Reached", "9223372036854775808"), ("If-Event-Reached", "1, 2"),
        ("Idempotency-Key", ""), ("Idempotency-Key", "x" * 257), ("Idempotency-Key", "two words"),
        ("X-Access-Token", "bob"), ("Authorization", "Bearer bob"), ("X-Access-Token", "two words"),
        ("Authorization", "Bearer two words"), ("Authorization", "Bearer alice, alice"),
    ],
)  # fmt: skip
async def test_a_malformed_header_is_a_fault_under_its_name(hall, name, value):
    answer = await hall.ask("GET", "/v2/notes", headers={name: value})

    assert answer.status_code == 400
    assert reasons(answer) == [name if name != "Authorization" else "X-Access-Token"]


@pytest.mark.parametrize("event", ["5", '"5"', 'W/"5"', "0", "000005"])
async def test_an_event_may_be_written_bare_quoted_or_weak(hall, event):
    answer = await hall.ask("GET", "/v2/notes", headers={"If-Event-Reached": event})

    assert answer.status_code == 200


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer alice"}, {"authorization": "bearer  alice"}])
async def test_a_token_may_come_as_a_bearer(hall, headers):
    assert (await hall.ask("GET", "/v2/notes", token=None, headers=headers)).status_code == 200
    assert (await hall.ask("GET", "/v2/notes", headers=headers)).status_code == 200


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer  ", "Basic YWxpY2U6eA==", ""])
async def test_an_authorization_without_a_token_is_none(hall, authorization):
    answer = await hall.ask("GET", "/v2/notes", token=None, headers={"Authorization": authorization})

    assert (answer.status_code, reasons(answer)) == (401, ["unauthenticated"])


async def test_a_malformed_header_is_a_fault_where_nobody_needs_a_token_too(hall):
    answer = await hall.ask("GET", "/v2/posters", token=None, headers={"If-Event-Reached": "abc"})

    assert (answer.status_code, reasons(answer)) == (400, ["If-Event-Reached"])
    assert answer.headers["X-RateLimit-Exempt"] == "yes"


async def test_a_parameter_given_twice_is_a_fault(hall):
    assert reasons(await hall.ask("GET", "/v2/notes?limit=1&limit=2")) == ["limit"]


# --- Waiting ----------------------------------------------------------------------------------------------------------


async def test_a_request_is_executed_once_its_event_is_reached(hall):
    asking = asyncio.create_task(
        hall.ask("POST", "/v2/notes", headers={"If-Event-Reached": "1001"}, json={"text": "a"})
    )
    await asyncio.sleep(0.02)
    assert hall.notes == []
    await hall.move_to(1_001)

    assert (await asking).status_code == 201
    assert hall.notes == ["a"]


async def test_what_is_not_reached_in_time_is_a_412_and_nothing_was_done(hall):
    answer = await hall.ask("POST", "/v2/notes", headers={"If-Event-Reached": "2000"}, json={"text": "a"})

    assert (answer.status_code, reasons(answer)) == (412, ["event_not_reached"])
    assert hall.notes == []
    assert all(name in answer.headers for name in LIMITS)


async def test_a_token_that_was_just_created_works_where_its_event_is_asked_for(hall):
    hall.guests.in_store["late"] = hall.guests.tokens["alice"]

    assert (await hall.ask("GET", "/v2/notes", "late", headers={"If-Event-Reached": "5"})).status_code == 200


async def test_a_token_that_was_just_revoked_does_not(hall):
    del hall.guests.in_store["alice"]

    assert (await hall.ask("GET", "/v2/notes", headers={"If-Event-Reached": "5"})).status_code == 401


async def test_nobody_waits_without_a_credential(hall):
    answer = await hall.ask("GET", "/v2/notes", token=None, headers={"If-Event-Reached": "2000"})

    assert (answer.status_code, hall.waits) == (401, 0)


async def test_what_is_open_waits_for_its_event_too(hall):
    asking = asyncio.create_task(hall.ask("GET", "/v2/posters", token=None, headers={"If-Event-Reached": "1001"}))
    await asyncio.sleep(0.02)
    assert not asking.done()
    await hall.move_to(1_001)
    late = await hall.ask("GET", "/v2/posters", token=None, headers={"If-Event-Reached": "2000"})

    assert (await asking).status_code == 200
    assert (late.status_code, reasons(late)) == (412, ["event_not_reached"])


async def test_an_address_has_a_hundred_open_waits(hall):
    event = {"If-Event-Reached": "2000"}
    answers = await asyncio.gather(*(hall.ask("GET", "/v2/posters", None, headers=event) for _ in range(105)))

    assert sorted(answer.status_code for answer in answers) == [412] * 100 + [429] * 5
    assert (await hall.ask("GET", "/v2/posters", None, headers={"If-Event-Reached": "5"})).status_code == 200


async def test_an_address_has_a_hundred_waits_with_tokens_that_nobody_knows(hall):
    asking = [hall.ask("GET", "/v2/notes", f"t{n}", headers={"If-Event-Reached": "2000"}) for n in range(105)]
    answers = await asyncio.gather(*asking)

    assert sorted(answer.status_code for answer in answers) == [412] * 100 + [429] * 5
    known = await hall.ask("GET", "/v2/notes", headers={"If-Event-Reached": "5"})
    assert known.status_code == 200


# --- Counting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "token"),
    [("/v2/notes", "alice"), ("/v2/nothing", "alice"), ("/v2/nothing", None), ("/v2/notes", None),
     ("/v2/notes/0", "bob"), ("/v2/notes?limit=0", "bob"), ("/v2/notes", "mallory")],
)  # fmt: skip
async def test_every_answer_says_where_its_sender_stands(hall, path, token):
    answer = await hall.ask("GET", path, token)

    assert [answer.headers[name] for name in LIMITS] == ["3000", "2999", "600"]


async def test_what_is_open_is_exempt(hall):
    answer = await hall.ask("GET", "/v2/open", token=None)

    assert answer.headers["X-RateLimit-Exempt"] == "yes"
    assert not any(name in answer.headers for name in LIMITS)


async def test_whoever_asks_too_often_is_told_when_to_come_back(open_hall):
    hall = open_hall(rate_limit="2/60s")
    first, second, third = [await hall.ask("POST", "/v2/notes", json={"text": "a"}) for _ in range(3)]

    assert [first.status_code, second.status_code, third.status_code] == [201, 201, 429]
    assert reasons(third) == ["rate_limit"]
    assert 0 < int(third.headers["Retry-After"]) <= 60
    assert third.headers["X-RateLimit-Remaining"] == "0"
    assert (await hall.ask("GET", "/v2/notes", "bob")).status_code == 200


async def test_whoever_has_no_valid_token_is_counted_by_the_address_and_told_to_wait_too(open_hall):
    hall = open_hall(rate_limit="2/60s")
    missing = [await hall.ask("GET", "/v2/notes", token=None) for _ in range(3)]
    wrong = await hall.ask("GET", "/v2/notes", "guess")
    malformed = await hall.ask("GET", "/v2/notes", token=None, headers={"If-Event-Reached": "abc"})

    assert [answer.status_code for answer in missing] == [401, 401, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in missing] == ["1", "0", "0"]
    assert [wrong.status_code, malformed.status_code] == [429, 429]
    assert 0 < int(wrong.headers["Retry-After"]) <= 60
    assert (await hall.ask("GET", "/v2/notes")).status_code == 200


async def test_a_bare_429_has_its_own_type(open_hall):
    hall = open_hall(rate_limit="1/60s")
    await hall.ask("GET", "/v2/notes")

    assert (await hall.ask("GET", "/v2/notes", headers={"Prefer": "envelope=none"})).json()["type"] == "RateLimitError"


async def test_twenty_wrong_tokens_make_an_address_wait(hall):
    answers = [await hall.ask("GET", "/v2/notes", f"guess{n}") for n in range(21)]

    assert [answer.status_code for answer in answers] == [401] * 20 + [429]
    assert int(answers[-1].headers["Retry-After"]) <= 60


async def test_a_missing_token_is_no_failed_attempt(hall):
    for _ in range(30):
        assert (await hall.ask("GET", "/v2/notes", token=None)).status_code == 401

    assert (await hall.ask("GET", "/v2/notes")).status_code == 200


# --- Once -------------------------------------------------------------------------------------------------------------

KEY = {"Idempotency-Key": "k-1"}


async def test_a_repeat_gets_the_first_answer_and_does_nothing(hall):
    first = await hall.ask("POST", "/v2/notes", headers=KEY, json={"text": "a"})
    again = await hall.ask("POST", "/v2/notes", headers=KEY, json={"text": "a"})

    assert hall.notes == ["a"]
    assert again.status_code == first.status_code == 201
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["id"] != first.json()["id"]
    assert "etag" in again.headers


async def test_a_replay_has_no_secrets(hall):
    first = await hall.ask("POST", "/v2/notes", headers=KEY, json={"text": "a"})
    again = await hall.ask("POST", "/v2/notes", headers=KEY, json={"text": "a"})

    assert (first.json()["data"]["secret"], again.json()["data"]["secret"]) == ("s3cret", None)


@pytest.mark.parametrize(("path", "body"), [("/v2/notes", {"text": "b"}), ("/v2/notes?x=1", {"text": "a"})])
async def test_another_request_with_the_same_key_is_refused(hall, path, body):
    await hall.ask("POST", "/v2/notes", headers=KEY, json={"text": "a"})
    answer = await hall.ask("POST", path, headers=KEY, json=body)

    assert (answer.status_code, reasons(answer)) == (409, ["idempotency_key_reused"])


async def test_fifty_at_once_with_one_key_do_it_once(hall):
    asking = [hall.ask("POST", "/v2/notes", headers=KEY, json={"text": "a"}) for _ in range(50)]
    answers = await asyncio.gather(*asking)

    assert hall.notes == ["a"]
    assert {answer.status_code for answer in answers} <= {201, 409}
    late = [answer for answer in answers if answer.status_code == 409]
    assert all(reasons(answer) == ["idempotency_in_progress"] and answer.headers["Retry-After"] for answer in late)


async def test_a_refusal_leaves_the_key_unused(hall):
    assert (await hall.ask("POST", "/v2/notes", headers=KEY, json={"text": "nowhere"})).status_code == 404
    assert (await hall.ask("POST", "/v2/notes", headers=KEY, json={"text": "a"})).status_code == 201


async def test_a_key_is_one_users_and_one_paths(hall):
    await hall.ask("POST", "/v2/previews", headers=KEY, json={"text": "a"})
    other_path = await hall.ask("POST", "/v2/notes", headers=KEY, json={"text": "a"})
    other_user = await hall.ask("POST", "/v2/previews", "bob", headers=KEY, json={"text": "b"})

    assert (other_path.status_code, other_user.status_code) == (201, 200)


async def test_what_keeps_nothing_else_is_replayed_too(hall):
    await hall.ask("POST", "/v2/previews", headers=KEY, json={"text": "a"})
    again = await hall.ask("POST", "/v2/previews", headers=KEY, json={"text": "a"})

    assert (again.json()["data"], again.headers["Idempotent-Replayed"], hall.notes) == ({"text": "A"}, "true", ["a"])

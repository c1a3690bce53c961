"""The two forms of every answer."""

from uuid import UUID

import pytest

from couvert.api.v2 import forms
from couvert.domain.refusals import Unavailable

MEMBERS = ["id", "params", "data", "error", "meta", "status"]
BARE = {"Prefer": "envelope=none"}


async def test_a_success_has_all_six_members_in_their_order(hall):
    answer = await hall.ask("GET", "/v2/notes/7")

    assert list(answer.json()) == MEMBERS
    assert answer.json()["params"] == {"noteId": "7"}
    assert answer.json()["data"] == {"noteId": "7", "author": None}
    assert (answer.json()["error"], answer.json()["meta"], answer.json()["status"]) == ({}, {}, "success")


async def test_the_id_is_a_uuid_and_the_request_id(hall):
    answer = await hall.ask("GET", "/v2/notes/7")

    assert UUID(answer.json()["id"]).version == 4
    assert answer.headers["X-Request-ID"] == answer.json()["id"]


@pytest.mark.parametrize(
    ("method", "path", "token", "status", "message", "reason"),
    [
        ("GET", "/v2/nothing", None, 404, "Not Found", "Not Found"),
        ("GET", "/", None, 404, "Not Found", "Not Found"),
        ("PATCH", "/v2/notes", "alice", 404, "Not Found", "Not Found"),
        ("GET", "/v2/notes/0", "alice", 404, "Not Found", "not_found"),
        ("GET", "/v2/notes", None, 401, "Unauthorized", "unauthenticated"),
        ("GET", "/v2/notes", "mallory", 401, "Unauthorized", "unauthenticated"),
        ("GET", "/v2/notes", "eve", 401, "Unauthorized", "token_expired"),
        ("POST", "/v2/notes", "bob", 403, "Forbidden", "missing_role"),
        ("GET", "/v2/secrets", "bob", 403, "Forbidden", "access_denied"),
        ("GET", "/v2/notes?limit=-1", "alice", 400, "Bad Request", "limit"),
        ("GET", "/v2/crash", "alice", 500, "Internal Server Error", "internal_error"),
        ("GET", "/v2/open", None, 500, "Internal Server Error", "internal_error"),
    ],
)
async def test_each_failure_says_what_it_is(hall, method, path, token, status, message, reason):
    answer = await hall.ask(method, path, token, json={"text": "a"} if method == "POST" else None)

    assert answer.status_code == status
    assert list(answer.json()) == MEMBERS
    error = answer.json()["error"]
    assert (error["code"], error["message"], error["errors"][0]["reason"]) == (status, message, reason)
    assert (answer.json()["data"], answer.json()["params"], answer.json()["status"]) == ({}, {}, "failure")


async def test_an_unknown_route_is_told_in_these_very_words(hall):
    answer = await hall.ask("GET", "/v2/nothing")

    assert answer.json()["error"]["errors"] == [
        {"reason": "Not Found", "message": "The requested route or method was not found."}
    ]


async def test_all_faults_of_a_body_are_listed_at_once(hall):
    answer = await hall.ask("POST", "/v2/notes", json={"text": "x" * 21, "loudEnough": "maybe", "parts": [1, "b"]})

    assert [item["reason"] for item in answer.json()["error"]["errors"]] == ["text", "loudEnough", "parts.1"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"text": NaN}', b'{"text": "a", "x": Infinity}', b"\xff", b"[" * 100_000,
     b'{"text": "a", "text": "b"}', b'{"text": "a", "x": {"y": 1, "y": 2}}', b"1" * 5_000],
)  # fmt: skip
async def test_a_body_that_is_not_json_is_a_fault_of_the_body(hall, body):
    answer = await hall.ask("POST", "/v2/notes", content=body)

    assert answer.status_code == 400
    assert [item["reason"] for item in answer.json()["error"]["errors"]] == ["body"]
    assert hall.notes == []


async def test_what_was_understood_is_repeated_without_secrets(hall):
    answer = await hall.ask("POST", "/v2/notes", json={"text": "a", "loudEnough": "yes", "secret": "hush", "more": 1})

    assert answer.json()["params"] == {"text": "a", "loudEnough": True}


async def test_a_long_body_is_not_repeated(hall):
    answer = await hall.ask("PUT", "/v2/notes/7", json={"text": "a", "parts": [0] * 2_000})

    assert answer.json()["params"] == {"noteId": "7"}


# --- Bare -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefer", ["envelope=none", 'respond-async, ENVELOPE="none"; x=1', "envelope = none"])
async def test_who_prefers_no_envelope_gets_the_resource_itself(hall, prefer):
    answer = await hall.ask("GET", "/v2/notes/7", headers={"Prefer": prefer})

    assert answer.json() == {"noteId": "7"}
    assert answer.headers["Preference-Applied"] == "envelope=none"


@pytest.mark.parametrize("headers", [BARE, {}])
async def test_every_answer_varies_by_preference(hall, headers):
    answer = await hall.ask("GET", "/v2/notes/7", headers=headers)

    assert answer.headers["Vary"] == "Prefer"


async def test_a_bare_list_is_an_array_and_its_headers_say_which_part(hall):
    answer = await hall.ask("GET", "/v2/notes?limit=25&page=3", headers=BARE)

    assert [note["noteId"] for note in answer.json()] == [str(n) for n in range(50, 60)]
    counts = [answer.headers[f"X-Pagination-{name}"] for name in ("Limit", "Skip", "Page", "TotalCount")]
    assert counts == ["25", "50", "3", "60"]


async def test_skip_wins_over_page_and_past_the_end_is_nothing(hall):
    answer = await hall.ask("GET", "/v2/notes?skip=60&page=1", headers=BARE)

    assert answer.json() == []


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_bare_put_or_delete_has_no_body(hall, method):
    answer = await hall.ask(method, "/v2/notes/7", headers=BARE, json={"text": "a"} if method == "PUT" else None)

    assert (answer.status_code, answer.content, answer.headers["etag"]) == (204, b"", "17")


async def test_bare_faults_have_paths_as_mstudio_writes_them(hall):
    answer = await hall.ask("POST", "/v2/notes", headers=BARE, json={"text": "a", "parts": [1, "b"]})

    assert list(answer.json()) == ["type", "message", "params", "validationErrors"]
    assert answer.json()["type"] == "ValidationError"
    assert answer.json()["params"] == {"traceId": answer.headers["X-Request-ID"]}
    [fault] = answer.json()["validationErrors"]
    assert (fault["path"], fault["type"]) == (".parts[1]", "int_parsing")


@pytest.mark.parametrize(
    ("path", "token", "kind"),
    [
        ("/v2/notes", None, "Unauthenticated"),
        ("/v2/secrets", "bob", "PermissionDenied"),
        ("/v2/notes/0", "alice", "NotFound"),
        ("/v2/nothing", "alice", "NotFound"),
        ("/v2/open", None, "InternalServerError"),
    ],
)
async def test_bare_errors_have_mstudios_types(hall, path, token, kind):
    answer = await hall.ask("GET", path, token, headers=BARE)

    assert answer.json()["type"] == kind
    assert answer.headers["Preference-Applied"] == "envelope=none"


async def test_a_crash_before_any_door_is_answered_as_all_else_and_is_on_nobodys_account(service, monkeypatch):
    def crash(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("starlette.routing.Route.matches", crash)

    answer = await service.request("GET", "/v2/user")

    assert (answer.status_code, answer.json()["id"]) == (500, answer.headers["X-Request-ID"])
    assert answer.headers["X-RateLimit-Exempt"] == "yes"
    assert "Prefer" in answer.headers.get_list("Vary")


def test_what_never_reaches_a_door_says_that_it_is_on_nobodys_account():
    scope = {"type": "http", "headers": [], "couvert.request_id": "id"}

    answers = [forms.crashed(scope), forms.unknown_method("id"), forms.cut_off(scope, Unavailable("It stopped."))]

    assert [answer.status_code for answer in answers] == [500, 404, 503]
    assert {(answer.headers["x-ratelimit-exempt"], answer.headers["vary"]) for answer in answers} == {("yes", "Prefer")}

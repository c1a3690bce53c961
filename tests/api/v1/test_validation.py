"""What a body may hold, and what is said of one that does not: all of it, in its place, and never a 500."""

import json

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from couvert.api.v1.faults import echo
from tests.api.v1.service import MAIL, ORIGIN
from tests.api.v1.test_mail import count_of_mails

LINES = ["sender_name", "sender_organisation_name", "subject", "client_env_id", "email_id", "projectId", "closureId"]
UNFIT_FOR_A_LINE = ["a\nb", "a\r\nBcc: x@example.com", "\x00", "\x7f", "\x1b[31m", "\x85", "\u2028", "\u2029", "\t"]

TEXT = st.text(st.characters(categories=["L", "N", "P", "S", "Z", "C", "Cs"]), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers() | st.integers(-(10**400), 10**400) | st.floats() | TEXT
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4))
FIELDS = [*MAIL, "name", "origin_names", "expires_at"]
BODIES = st.one_of(
    JSON.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(FIELDS), JSON).map(lambda part: json.dumps({**MAIL, "name": "n", **part}).encode()),
    st.lists(st.dictionaries(st.sampled_from(["mail", "name", "company", "emailRecipientId"]), JSON), max_size=3).map(
        lambda recipients: json.dumps({**MAIL, "recipients": recipients}).encode()
    ),
    st.binary(max_size=60),
)


def faults(answer):
    assert answer.status_code == 422
    body = answer.json()
    assert list(body) == ["error", "message", "details", "request_id"]
    assert [list(fault) for fault in body["details"]] == [["type", "loc", "msg", "input"]] * len(body["details"])
    return {tuple(fault["loc"]): fault for fault in body["details"]}


@pytest.mark.parametrize("path", ["/v1/mail", "/v1/api-key", "/v1/api-key/{key}/origins"])
@given(content=BODIES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_body_whatever_makes_a_500(service, key, path, content):
    headers = {"x-api-key": key, "origin": ORIGIN}

    answer = await service.request("POST", path.format(key=key), headers=headers, content=content)

    assert answer.status_code in (200, 400, 422)
    assert isinstance(answer.json(), dict)


@given(JSON)
def test_an_echo_is_small_and_can_always_be_written(value):
    written = json.dumps(echo(value), ensure_ascii=False).encode()

    assert len(written) < 1_000_000


def test_an_echo_of_five_million_bytes_is_small():
    assert len(json.dumps(echo(["x" * 1_000] * 5_000))) < 20_000


# --- Fields -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["recipients", "sender_email", "subject", "html_template"])
async def test_what_is_required_is_missed(service, key, missing):
    body = {name: value for name, value in MAIL.items() if name != missing}

    answer = await service.request("POST", "/v1/mail", headers={"x-api-key": key, "origin": ORIGIN}, json=body)

    assert faults(answer) == {
        (missing,): {"type": "missing", "loc": [missing], "msg": "Field required", "input": None},
    }


@pytest.mark.parametrize(
    "optional", [name for name in MAIL if name not in ("recipients", "sender_email", "subject", "html_template")]
)
async def test_what_is_optional_may_be_null(service, key, optional):
    assert (await service.post_mail(key, **{optional: None})).status_code == 200


@pytest.mark.parametrize("wrong", [7, 1.5, True, ["x"], {"x": 1}, 10**400])
@pytest.mark.parametrize("field", [*LINES, "sender_email", "html_template", "emailRecipientId"])
async def test_a_text_is_a_text(service, key, field, wrong):
    found = faults(await service.post_mail(key, **{field: wrong}))

    assert list(found) == [(field,)]
    assert found[field,]["type"] == "string_type"


@pytest.mark.parametrize("unfit", UNFIT_FOR_A_LINE)
@pytest.mark.parametrize("field", LINES)
async def test_no_line_holds_a_line_break_or_another_control_character(service, key, field, unfit):
    assert list(faults(await service.post_mail(key, **{field: unfit}))) == [(field,)]


@pytest.mark.parametrize("unfit", UNFIT_FOR_A_LINE)
@pytest.mark.parametrize("field", ["mail", "name", "company", "emailRecipientId"])
async def test_nor_does_a_recipient(service, key, field, unfit):
    recipients = [{"mail": "a@example.com"}, {"mail": "b@example.com", field: unfit}]

    assert list(faults(await service.post_mail(key, recipients=recipients))) == [("recipients", 1, field)]


@pytest.mark.parametrize(
    "line", ["\u00e9t\u00e9 \u20ac", "\u00a0", "\U0001f600", "\U0001f468\u200d\U0001f469", "\u202e", "<>&\"'", "{{", ""]
)
async def test_a_line_may_hold_any_writing(service, key, line):
    assert (await service.post_mail(key, sender_name=line, subject=line)).status_code == 200


async def test_html_may_have_line_breaks_and_tabs(service, key):
    assert (await service.post_mail(key, html_template="<p>\r\n\tHello\n</p>\u2028\u0092")).status_code == 200


@pytest.mark.parametrize("unfit", ["\x00", "a\x0bb", "\x7f", ""])
async def test_html_has_no_other_control_characters_and_is_not_empty(service, key, unfit):
    assert list(faults(await service.post_mail(key, html_template=unfit))) == [("html_template",)]


async def test_a_line_has_a_thousand_characters_at_most(service, key):
    assert (await service.post_mail(key, subject="x" * 1_000)).status_code == 200
    assert faults(await service.post_mail(key, subject="x" * 1_001))["subject",]["type"] == "string_too_long"


@pytest.mark.parametrize("wrong", [None, [], {}, "john@example.com", [[]], [None], [{"mail": None}], [{}]])
async def test_recipients_are_a_list_of_at_least_one_with_an_address(service, key, wrong):
    assert all(loc[0] == "recipients" for loc in faults(await service.post_mail(key, recipients=wrong)))


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"7", b"true"])
async def test_a_body_that_is_no_object_is_a_fault_of_the_whole(service, key, body):
    assert list(faults(await service.post_mail(key, content=body))) == [()]


# --- JSON, and not quite ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"{", b"{} {}", b"{'a': 1}", b"\xff", b'{"subject": "\xff"}', b'{"subject": "\n"}', b"[" * 100_000,
     b'{"a":' * 100_000, b"1" * 5_000, b'{"subject": "\\ud800"', b'["\\ud800"' + b",[" * 100_000],
)  # fmt: skip
async def test_what_is_no_json_is_malformed(service, key, body):
    answer = await service.post_mail(key, content=body)

    assert answer.status_code == 400
    assert answer.json()["error_type"] == "malformed_json"


@pytest.mark.parametrize("field", ["subject", "ignored"])
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
async def test_a_number_that_is_none_is_malformed_wherever_it_stands(service, key, field, number):
    body = json.dumps(MAIL)[:-1] + f', "{field}": [{number}]}}'

    answer = await service.post_mail(key, content=body.encode())

    assert (answer.status_code, answer.json()["details"]) == (400, f"{number} is not JSON.")
    assert await count_of_mails(service) == 0


async def test_the_words_for_no_number_are_words_like_any_others(service, key):
    answer = await service.post_mail(key, subject="NaN, Infinity and -Infinity")

    assert answer.status_code == 200


async def test_a_number_that_is_too_large_is_a_fault_and_is_echoed_as_null(service, key):
    found = faults(await service.post_mail(key, content=b'{"subject": 1e999}'))

    assert found["subject",]["type"] == "string_type"
    assert found["subject",]["input"] is None


async def test_half_a_surrogate_pair_is_a_fault_with_a_place(service, key):
    body = json.dumps({**MAIL, "subject": "\ud800", "recipients": [{"mail": "a@example.com", "name": "\udfff"}]})

    found = faults(await service.post_mail(key, content=body.encode()))

    assert set(found) == {("subject",), ("recipients", 0, "name")}
    assert found["subject",]["input"] == "?"
    assert await count_of_mails(service) == 0


async def test_half_a_pair_where_nobody_looks_is_ignored(service, key):
    body = json.dumps({**MAIL, "unknown": "\ud800"})

    assert (await service.post_mail(key, content=body.encode())).status_code == 200


async def test_a_whole_pair_is_a_character(service, key):
    assert (
        await service.post_mail(key, content=json.dumps({**MAIL, "subject": "\U0001f600"}).encode())
    ).status_code == 200


async def test_a_byte_order_mark_is_not_held_against_anybody(service, key):
    assert (await service.post_mail(key, content=b"\xef\xbb\xbf" + json.dumps(MAIL).encode())).status_code == 200


async def test_of_a_field_given_twice_the_last_counts(service, key):
    content = json.dumps(MAIL)[:-1] + ', "email_id": "last"}'

    answer = await service.post_mail(key, content=content.encode())

    assert answer.json()["data"]["status"]["email_id"] == "last"


# --- Echoes -----------------------------------------------------------------------------------------------------------


async def test_a_fault_shows_what_was_sent_and_not_all_of_it(service, key):
    found = faults(await service.post_mail(key, subject=list(range(20)), html_template={"a": {"b": {"c": {"d": 1}}}}))

    assert found["subject",]["input"] == [*range(10), "…"]
    assert found["html_template",]["input"] == {"a": {"b": {"c": "…"}}}


async def test_an_answer_does_not_carry_four_megabytes_back(service, key):
    answer = await service.post_mail(key, recipients=["x" * 3_900] * 1_000, subject=["y" * 1_000_000])

    assert len(answer.json()["details"]) == 1_001
    assert len(answer.content) < 500_000

"""The pages: complete, escaped, and nothing in them that comes from elsewhere."""

import re
import shlex
from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, strategies as st
from selectolax.lexbor import LexborHTMLParser

from couvert.openapi.difference import Difference, Kind
from couvert.openapi.entries import Entry
from couvert.openapi.page import CONTENT_SECURITY_POLICY, changelog_page, reference_page
from couvert.openapi.page.html import element
from couvert.openapi.page.prose import inline
from tests.openapi.documents import answering, document, documents, fields, taking

BASE = "https://mail.example.com"
EVIL = "<script>alert('\"&')</script>"
TEXT = {"type": "string"}


def read(page: str) -> Any:
    return LexborHTMLParser(page)


def page_of(one):
    return read(reference_page(one, BASE))


def test_every_call_has_its_place_its_words_and_its_link():
    one = document(operationId="postMails", description="At **once**, by `POST`.")

    page = page_of(one)

    assert page.css_first("article#postMails h3").text() == "POST/v2/mails"
    assert page.css_first("nav a[href='#postMails']").text() == "POST Send a mail"
    assert page.css_first("article strong").text() == "once"
    assert page.css_first("article p code").text() == "POST"


def test_the_line_of_curl_can_be_pasted():
    one = taking(fields(name=TEXT))
    one["paths"]["/v2/mails"]["post"]["requestBody"]["content"]["application/json"]["example"] = {
        "name": "O'Neill & <b>"
    }

    line = shlex.split(page_of(one).css_first("pre.curl").text().replace("\\\n", ""))

    assert line == [
        "curl", "-X", "POST", f"{BASE}/v2/mails", "-H", "X-Access-Token: $TOKEN",
        "-H", "Content-Type: application/json", "-d", '{"name": "O\'Neill & <b>"}',
    ]  # fmt: skip


def test_the_line_of_curl_for_a_stream_shows_what_comes_at_once():
    one = document()
    one["paths"]["/v2/mails"]["post"]["responses"]["200"] = {
        "description": "OK.",
        "content": {"text/event-stream": {"schema": TEXT}},
    }

    assert page_of(one).css_first("pre.curl").text().startswith("curl -X POST -N ")


def test_a_call_that_is_open_needs_no_token():
    assert "$TOKEN" not in reference_page(document(security=[]), BASE)


def test_a_field_is_told_with_its_type_and_bounds():
    name = {**TEXT, "maxLength": 9, "nullable": True, "description": "The `name`.", "format": "email", "default": "x"}
    page = page_of(taking(fields(("name",), name=name, kind={"enum": ["a", "b"]}, n={"type": "integer", "minimum": 1})))

    first, second, third = page.css("article ul.fields > li")

    assert " ".join(first.text(separator=" ").split()) == (
        'name string (email) or null required The name . at most 9 characters · default "x"'
    )
    assert second.text() == "kindanythingone of a, b"
    assert third.text() == "nintegerfrom 1"


def test_a_schema_that_contains_itself_is_told_once():
    tree = {"$ref": "#/components/schemas/Tree"}

    page = page_of(answering(tree, Tree=fields(children={"type": "array", "items": tree})))

    assert page.body.text().count("it contains itself") == 1


def test_failures_that_calls_share_are_told_once_and_linked():
    one = document(responses={"404": {"$ref": "#/components/responses/NotFound"}})
    one["components"] = {"responses": {"NotFound": {"description": "It is not there."}}}

    page = page_of(one)

    assert page.css_first("p.answer a[href='#answer-NotFound']").text() == "It is not there."
    assert page.css_first("article#answer-NotFound .status").text() == "404"


@given(documents)
def test_any_document_becomes_a_page_whose_links_lead_somewhere(one):
    page = page_of(one)

    targets = {node.attributes["id"] for node in page.css("[id]")}
    assert {link.attributes["href"][1:] for link in page.css("a[href^='#']")} <= targets


@pytest.mark.parametrize("where", ["summary", "description", "tags"])
def test_what_a_document_says_is_never_markup(where):
    page = page_of(document(**{where: [EVIL] if where == "tags" else EVIL}))

    assert page.css("script") == []
    assert EVIL in page.body.text()


def test_what_a_field_says_is_never_markup():
    schema = fields((), **{EVIL: {**TEXT, "description": EVIL, "pattern": EVIL, "example": EVIL, "enum": [EVIL]}})

    assert page_of(taking(schema)).css("script") == []


entries = [
    Entry("2026-11-22", 1_795_000_000_000, "2 removed (1 breaking)", [
        Difference(Kind.REMOVED, "GET /v2/a", "It is *gone*.", is_breaking=False),
        Difference(Kind.REMOVED, "GET /v2/b", EVIL, is_breaking=True),
    ]),
]  # fmt: skip


def test_an_entry_tells_what_breaks_first():
    page = read(changelog_page(entries))

    assert page.css_first("article h4").text() == "Removed"
    assert [item.css_first("code").text() for item in page.css(".changes li")] == ["GET /v2/b", "GET /v2/a"]
    assert [mark.text() for mark in page.css(".breaking")] == ["breaking"]
    assert page.css("script") == []


def test_a_changelog_without_entries_says_when_there_will_be_one():
    assert "end of the first day" in read(changelog_page([])).body.text()


@pytest.mark.parametrize("page", [reference_page(document(), BASE), changelog_page(entries)], ids=["docs", "changelog"])
def test_a_page_needs_nothing_from_elsewhere(page):
    tree = read(page)

    loaded = [node.attributes.get("src") or node.attributes.get("href") for node in tree.css("[src], link")]
    assert [address for address in loaded if not address.startswith("/")] == []
    assert tree.css("script, img, iframe") == []
    assert "@import" not in page
    assert "url(" not in page


def test_the_policy_lets_in_the_style_of_the_page_and_nothing_else():
    _, style, _ = re.split("</?style>", reference_page(document(), BASE))

    assert f"style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none';")


@given(st.text(), st.text())
def test_text_and_attributes_read_back_as_they_were(text, attribute):
    clean = re.sub(r"[\x00\r]", "", text)
    node = read(element("p", clean, title=re.sub(r"[\x00\r]", "", attribute))).css_first("p")

    assert (node.text() or "") == clean
    assert (node.attributes["title"] or "") == re.sub(r"[\x00\r]", "", attribute)


@given(st.text(alphabet="`*a <&"))
def test_prose_loses_nothing_but_its_marks(text):
    told = read(f"<p>{inline(text)}</p>").css_first("p").text()

    assert re.sub(r"[`*]", "", told) == re.sub(r"[`*]", "", text)

"""What anybody may read of /v2: its specification, the page that shows it, and what changed in it."""

import json

import feedparser
import pytest
from selectolax.lexbor import LexborHTMLParser

from couvert.api.v2 import routes
from couvert.commands.changelog import RecordChangelog
from tests.openapi.documents import document

ADDRESSES = {
    "/v2/openapi.json": "application/json",
    "/v2/docs": "text/html; charset=utf-8",
    "/v2/changelog": "application/json",
    "/changelog": "text/html; charset=utf-8",
    "/changelog/rss.xml": "application/rss+xml",
    "/changelog/atom.xml": "application/atom+xml",
}


@pytest.fixture
async def recorded(hall):
    changelog = RecordChangelog(hall.service.store, hall.service.clock)
    await changelog.record(json.dumps(document()).encode(), "2025-01-26")
    await changelog.record(json.dumps({**document(), "paths": {}}).encode(), "2025-01-27")


@pytest.fixture
def ask(hall):
    """As anybody, through everything that a request passes."""
    return lambda path, **given: hall.service.request("GET", path, **given)


@pytest.mark.parametrize(("path", "kind"), ADDRESSES.items(), ids=ADDRESSES.keys())
async def test_anybody_may_read_it_as_often_as_they_like(ask, path, kind):
    answer = await ask(path)

    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.headers["X-RateLimit-Exempt"] == "yes"
    assert "X-RateLimit-Limit" not in answer.headers
    assert len(answer.headers["X-Request-ID"]) == 36


async def test_the_specification_stands_in_no_envelope(ask, hall):
    answer = await ask("/v2/openapi.json")

    assert answer.content == routes.specification(hall.service.parts)


async def test_the_page_has_every_call(ask):
    document = (await ask("/v2/openapi.json")).json()
    page = LexborHTMLParser((await ask("/v2/docs")).text)

    operations = [node["operationId"] for item in document["paths"].values() for node in item.values()]
    assert [article.id for article in page.css("article[id]")][: len(operations)] == operations


async def test_a_page_lets_nothing_in_from_elsewhere(ask):
    for path in ("/v2/docs", "/changelog"):
        assert (await ask(path)).headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")


@pytest.mark.usefixtures("recorded")
async def test_the_changelog_tells_the_newest_first_and_what_breaks(ask):
    newest, oldest = (await ask("/v2/changelog")).json()["data"]["entries"]

    assert newest == {
        "date": "2025-01-27",
        "recordedAt": "2025-01-27T10:30:00.000Z",
        "title": "1 removed (1 breaking)",
        "isBreaking": True,
        "added": [],
        "changed": [],
        "deprecated": [],
        "removed": [{"where": "POST /v2/mails", "message": "The call is gone: Send a mail.", "isBreaking": True}],
    }
    assert (oldest["date"], oldest["title"]) == ("2025-01-26", "First published: 1 calls")


@pytest.mark.usefixtures("recorded")
async def test_the_bare_changelog_is_the_list_itself(ask):
    answer = await ask("/v2/changelog?limit=1&page=2", headers={"Prefer": "envelope=none"})
    assert [entry["date"] for entry in answer.json()] == ["2025-01-26"]
    assert (answer.headers["X-Pagination-Page"], answer.headers["X-Pagination-TotalCount"]) == ("2", "2")

    answer = await ask("/v2/changelog", headers={"Prefer": "envelope=none"})

    assert [entry["date"] for entry in answer.json()] == ["2025-01-27", "2025-01-26"]
    assert answer.headers["Preference-Applied"] == "envelope=none"


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("path", ["/changelog/rss.xml", "/changelog/atom.xml"])
async def test_feeds_lead_to_the_address_that_was_asked(ask, path):
    feed = feedparser.parse((await ask(path)).content)

    assert [entry.link for entry in feed.entries] == [
        "http://localhost:8000/changelog#2025-01-27",
        "http://localhost:8000/changelog#2025-01-26",
    ]


@pytest.mark.parametrize("path", ["/changelog/rss.xml", "/changelog/atom.xml", "/v2/docs"])
async def test_links_lead_to_the_public_address_if_there_is_one(open_hall, path):
    hall = open_hall(public_url="https://mail.example.com/")

    answer = await hall.service.request("GET", path)

    assert "https://mail.example.com/" in answer.text
    assert "https://mail.example.com//" not in answer.text
    assert "localhost" not in answer.text


@pytest.mark.parametrize("path", ["/changelog/rss.xml", "/changelog/atom.xml", "/v2/docs"])
async def test_whoever_says_another_host_than_a_host_gets_it_nowhere(ask, path):
    answer = await ask(path, headers={"Host": "<script>'$(id)'"})

    assert answer.status_code == 200
    assert "$(id)" not in answer.text
    assert "http://localhost" in answer.text


async def test_only_the_newest_twenty_entries_are_told(hall, ask):
    changelog = RecordChangelog(hall.service.store, hall.service.clock)
    for day in range(1, 26):
        one = json.dumps(document(deprecated=bool(day % 2))).encode()
        await changelog.record(one, f"2025-01-{day:02}")

    entries = (await ask("/v2/changelog")).json()["data"]["entries"]

    assert [entry["date"] for entry in entries] == [f"2025-01-{day:02}" for day in range(25, 5, -1)]
    assert len(feedparser.parse((await ask("/changelog/atom.xml")).content).entries) == 20


async def test_what_is_not_there_is_not_found_as_anywhere(ask):
    assert (await ask("/changelog/feed.xml")).json()["error"]["code"] == 404

"""Feeds, as a reader reads them."""

import feedparser
import pytest

from couvert.openapi import feeds
from couvert.openapi.difference import Difference, Kind
from couvert.openapi.entries import Entry

BASE = "https://mail.example.com/couvert"
AT = 1_795_305_600_123
OLD = Entry(
    "2026-11-21", AT - 86_400_000, "1 added", [Difference(Kind.ADDED, "GET /v2/a", "New call.", is_breaking=False)]
)
NEW = Entry("2026-11-22", AT, "1 removed <b>", [Difference(Kind.REMOVED, "GET /v2/a", "Gone & <i>", is_breaking=True)])


@pytest.fixture(params=[(feeds.rss, "rss20"), (feeds.atom, "atom10")], ids=["rss", "atom"])
def write_and_version(request):
    return request.param


def test_a_reader_finds_every_entry(write_and_version):
    write, version = write_and_version

    feed = feedparser.parse(write([NEW, OLD], BASE))

    assert (feed.bozo, feed.version) == (False, version)
    assert [entry.title for entry in feed.entries] == ["Breaking: 2026-11-22: 1 removed <b>", "2026-11-21: 1 added"]
    assert [entry.link for entry in feed.entries] == [f"{BASE}/changelog#2026-11-22", f"{BASE}/changelog#2026-11-21"]
    assert feed.feed.link == f"{BASE}/changelog"
    assert "<code>GET /v2/a</code> Gone &amp; &lt;i&gt;" in feed.entries[0].summary
    told = feed.entries[0].updated_parsed if version == "atom10" else feed.entries[0].published_parsed
    assert tuple(told[:5]) == (2026, 11, 22, 0, 0)


def test_an_entry_keeps_its_id_at_any_address_and_beside_any_other(write_and_version):
    write, _ = write_and_version

    here, there = feedparser.parse(write([NEW, OLD], BASE)), feedparser.parse(write([OLD], "http://localhost:8000"))

    assert here.entries[1].id == there.entries[0].id
    assert here.entries[0].id != here.entries[1].id
    assert here.entries[0].id.startswith("urn:uuid:")


def test_a_feed_without_entries_is_a_feed(write_and_version):
    write, version = write_and_version

    feed = feedparser.parse(write([], BASE))

    assert (feed.bozo, feed.version, feed.entries) == (False, version, [])

"""Filters find what looking at every mail finds, and each has an index in the order of the list."""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from couvert.domain.delivery import State
from couvert.domain.mail import AcceptMail, Recipient, References, Sender
from couvert.readmodels import pages
from couvert.readmodels.connections import snapshot
from couvert.readmodels.folds import Status
from couvert.readmodels.mail_filter import MailFilter
from couvert.readmodels.mail_search import Search
from couvert.readmodels.mail_views import mails
from couvert.readmodels.marking import marker_of
from couvert.readmodels.pages import Wanted
from couvert.readmodels.read import ReadModels
from couvert.readmodels.views import MailView
from tests.readmodels.following import follow
from tests.readmodels.world import World

TAGS, WORDS, ADDRESSES = ["a", "b"], ["order", "offer", "hello"], ["x@example.net", "y@example.net"]

commands = st.builds(
    lambda tags, subject, to, project: AcceptMail(
        sender=Sender("alice@example.com"), recipients=tuple(map(Recipient, to)), subject=" ".join(subject),
        html="<p>", tags=tuple(tags), references=References(project_id=project),
    ),
    st.sets(st.sampled_from(TAGS)), st.lists(st.sampled_from(WORDS), max_size=3),
    st.lists(st.sampled_from(ADDRESSES), min_size=1, max_size=3), st.sampled_from(["p", "q", None]),
)  # fmt: skip
answers = st.lists(st.sampled_from(["taken", "refused", "unknown"]), max_size=8)
filters = st.builds(
    MailFilter, status=st.sampled_from([None, *Status]), state=st.sampled_from([None, State.SENT, State.FAILED]),
    recipient=st.sampled_from([None, *ADDRESSES]), project_id=st.sampled_from([None, "p", "q"]),
    tags=st.sampled_from([(), ("a",), ("a", "b")]), text=st.sampled_from([None, "o", "order", "off hel"]),
)  # fmt: skip


@given(
    past=st.lists(commands, min_size=1, max_size=8), said=answers, wanted=filters, limit=st.integers(1, 4),
    most=st.sampled_from([2, 10_000]),
)  # fmt: skip
def test_pages_of_a_filter_are_what_looking_at_every_mail_finds(past, said, wanted, limit, most):
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "MOST_COUNTED", most)
        asyncio.run(happen(Path(name), past, said))
        with ReadModels(Path(name)) as files:
            found, totals = walk(files, wanted, limit)
            everything, _ = walk(files, MailFilter(), 500)

    to = dict(zip([mail.mail_id for mail in reversed(everything)], past, strict=True))
    expected = [mail.mail_id for mail in everything if is_meant(mail, to[mail.mail_id], wanted)]
    assert [mail.mail_id for mail in found] == expected
    assert totals == {len(expected) if len(expected) <= most else None}


async def happen(directory, past, said):
    async with World(directory) as world:
        for command in past:
            await world.post(command)
        await world.work(*said)
    follow(directory)


def walk(files, wanted, limit):
    """Every page, and which totals they told."""
    marker, cursor = marker_of(files.database), None
    found: list[MailView] = []
    totals: set[int | None] = set()
    while True:
        part = mails(files, wanted, Wanted(limit, cursor=cursor), marker)
        found += part.items
        totals.add(part.total)
        cursor = part.next_cursor
        if cursor is None:
            return found, totals


def is_meant(mail, command, wanted):
    return (
        wanted.status in (None, mail.status)
        and (wanted.state is None or mail.counts[wanted.state] > 0)
        and (wanted.recipient is None or wanted.recipient in [r.email for r in command.recipients])
        and wanted.project_id in (None, command.references.project_id)
        and set(wanted.tags) <= set(command.tags)
        and all(any(w.startswith(b) for w in command.subject.split()) for b in (wanted.text or "").split())
    )


@pytest.mark.parametrize(
    "wanted",
    [
        MailFilter(), MailFilter(status=Status.QUEUED), MailFilter(state=State.BOUNCED), MailFilter(text="hello"),
        MailFilter(recipient="x@example.net"), MailFilter(email_id="e"), MailFilter(tags=("a",)),
        MailFilter(status=Status.DONE, state=State.SENT), MailFilter(status=Status.DONE, text="hello"),
        MailFilter(state=State.SENT, tags=("a",)), MailFilter(since=1_738_000_000_000, text="hello"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("most", [0, 10_000])
async def test_every_filter_has_an_index_and_nothing_is_sorted(world, monkeypatch, wanted, most):
    monkeypatch.setattr(pages, "MOST_COUNTED", most)
    await world.accept()
    follow(world.directory)

    with ReadModels(world.directory) as files, snapshot(files.models()):
        plan = Search(files.models(), wanted, marker_of(files.database)).plan()

    assert not [step for step in plan if "TEMP B-TREE" in step]
    # All of a table is read only in the order of its own key, and where nothing is asked but the time.
    scans = [step for step in plan if step.startswith("SCAN") and "VIRTUAL TABLE" not in step and "INDEX" not in step]
    assert scans == []

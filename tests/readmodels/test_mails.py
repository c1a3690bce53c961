"""The projection "mails": whatever happened, and however the log is cut into batches, it says what the log says."""

import asyncio
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from hypothesis import given, strategies as st

from couvert.domain.delivery import State
from couvert.readmodels.checksum import checksum
from couvert.readmodels.connections import open_read_only
from couvert.readmodels.mail_tables import mails_by_id, totals
from couvert.readmodels.model_file import ModelFile
from couvert.store.sqlite.rows import STATE_CODES, STATES
from couvert.store.sqlite.store import FILE
from tests.readmodels.following import follow
from tests.readmodels.world import Step, World, pasts

batch_sizes = st.lists(st.integers(1, 7), min_size=1)


@given(past=pasts, sizes=batch_sizes, policy=st.sampled_from(["hold", "resend"]))
def test_following_live_in_batches_of_any_size_ends_as_a_rebuild_does(past, sizes, policy):
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        asyncio.run(live(directory, past, sizes, policy))

        follow(directory, "rebuilt.db")

        assert checksum_of(directory / "live.db") == checksum_of(directory / "rebuilt.db")


@given(past=pasts, sizes=batch_sizes)
def test_counts_add_up_and_are_those_of_the_queue(past, sizes):
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        asyncio.run(live(directory, past, sizes, "hold"))

        assert counts_per_mail(directory) == states_per_mail(directory)


async def test_a_mail_to_many_is_one_row_until_they_are_sent(tmp_path):
    async with World(tmp_path) as world:
        mail_id = await world.accept(4)
        await world.work("taken")
    follow(tmp_path, "live.db")

    assert query(tmp_path / "live.db", "select id - mail_id from delivery") == [(1,)]
    assert counts_per_mail(tmp_path) == {mail_id: {State.QUEUED: 3, State.SENT: 1}}


def test_the_columns_of_counts_are_in_the_order_of_the_states(tmp_path):
    with ModelFile(tmp_path / "models.db"):
        columns = [name for _, name, *_ in query(tmp_path / "models.db", "pragma table_info(mail)")]

    first = columns.index("queued")
    assert columns[first : first + len(State)] == list(STATE_CODES)


async def live(directory: Path, past: list[Step], sizes: list[int], policy: Any) -> None:
    """The past happens, and the read models follow step by step."""
    async with World(directory, policy=policy) as world:
        for step in past:
            await step(world)
            follow(directory, "live.db", sizes=sizes)
        follow(directory, "live.db", sizes=sizes)


def checksum_of(path: Path) -> str:
    with closing(open_read_only(path)) as connection:
        return checksum(connection)


def counts_per_mail(directory: Path) -> dict[int, dict[State, int]]:
    ids = [id_ for (id_,) in query(directory / "live.db", "select mail_id from mail")]
    with closing(open_read_only(directory / "live.db")) as connection:
        mails = mails_by_id(connection, ids)
        assert totals(connection) == sum_of(mail.counts for mail in mails.values())
    assert all(sum(mail.counts.values()) == mail.accepted.count for mail in mails.values())
    return {id_: +Counter(mail.counts) for id_, mail in mails.items()}


def states_per_mail(directory: Path) -> dict[int, dict[State, int]]:
    found: dict[int, dict[State, int]] = {}
    for mail_id, code in query(directory / FILE, "select mail_id, state from delivery"):
        found.setdefault(mail_id, Counter())[STATES[code]] += 1
    return found


def sum_of(counts: Any) -> dict[State, int]:
    total = dict.fromkeys(State, 0)
    for each in counts:
        for state, count in each.items():
            total[state] += count
    return total


def query(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()

"""A data directory of a time when the first step did not have all that it has now, nor all in the same form."""

from contextlib import closing
from pathlib import Path
from unittest.mock import patch

from couvert.store.sqlite import schema
from couvert.store.sqlite.connections import open_writer
from couvert.store.sqlite.migration import migrate
from couvert.store.sqlite.store import FILE

OTHERS = "pace, queue_wake"
"""What is not there as it should be."""


def make_unreleased(directory: Path) -> Path:
    older = (
        schema.STEPS[0]
        .replace("    held       text\n", "    grip       text\n")
        .replace("create index queue_wake", "--")
    )
    directory.mkdir()
    with patch.object(schema, "STEPS", [older]), closing(open_writer(directory / FILE)) as connection:
        migrate(connection)
    return directory

"""Following the log without a thread, as far and in such batches as a test wants."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from itertools import cycle
from pathlib import Path
from typing import Final

from couvert.readmodels.log import END, PAGE, read_page
from couvert.readmodels.marking import marked, marker_of
from couvert.readmodels.model_file import ModelFile
from couvert.store.sqlite.connections import open_reader
from couvert.store.sqlite.store import FILE

FIRST: Final = "readmodels-1.db"


def follow(directory: Path, name: str = FIRST, *, up_to: int = END, sizes: Sequence[int] = (PAGE,)) -> None:
    """Batches of these sizes, over and over."""
    with closing(open_reader(directory / FILE)) as source, ModelFile(directory / name) as models:
        marker = marker_of(source)
        for size in cycle(sizes):
            page = read_page(source, models.checkpoint, limit=size, up_to=up_to)
            if page.end == models.checkpoint:
                break
            models.advance(page.events, page.end, marked(source, page.events, marker))

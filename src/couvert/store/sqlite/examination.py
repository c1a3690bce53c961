"""A look at the whole database file, as long as somebody is willing to wait for it."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Final

from couvert.store.port import Examination
from couvert.store.sqlite.connections import open_reader

MOST_FAULTS: Final = 5


def examine(path: Path, seconds: float) -> Examination:
    """Pages, rows and constraints, without comparing indexes with tables. Raises sqlite3.Error."""
    with closing(open_reader(path)) as connection:
        timer = threading.Timer(seconds, connection.interrupt)
        timer.start()
        try:
            found = connection.execute(f"pragma quick_check({MOST_FAULTS})").fetchall()
            is_whole = True
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            found, is_whole = [], False
        finally:
            timer.cancel()
    faults = [str(fault) for (fault,) in found if fault != "ok"]
    return Examination(faults, is_whole, _size(path), _size(path.with_name(path.name + "-wal")))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0

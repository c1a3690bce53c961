"""The data directory, and the store in it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from couvert.settings import Settings, WrongSetting
from couvert.store.port import Store
from couvert.wiring.clocks import now_ms


def has_data(settings: Settings) -> bool:
    from couvert.store.sqlite.store import FILE

    return (settings.data_dir / FILE).is_file()


def open_store(settings: Settings) -> Store:
    """Raises `WrongSetting` if the data directory cannot be used."""
    from couvert.store.sqlite.migration import OtherSchema
    from couvert.store.sqlite.store import SqliteStore

    try:
        return SqliteStore(settings.data_dir, now_ms)
    except (OSError, sqlite3.Error, OtherSchema) as error:
        raise unusable(settings.data_dir, error) from None


def unusable(directory: Path, error: Exception) -> WrongSetting:
    return WrongSetting(f"COUVERT_DATA_DIR: {directory} cannot be used: {error}")

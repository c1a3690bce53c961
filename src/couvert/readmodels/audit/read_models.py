"""The read models of one moment, beside what the log makes of the events up to their checkpoint."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
...

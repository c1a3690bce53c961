"""JSON, strictly: UTF-8, no NaN, and no name twice in an object, since nobody can tell which one was meant.

There are three ways to read it, and all come to the same: quickly, if nothing is wrong; with care, which says what is;
and with patience, which lets other threads go on meanwhile.
"""

from __future__ import annotations

import json
import re
from json.scanner import py_make_scanner  # type: ignore[attr-defined]
from typing import Any, Final, NoReturn

import msgspec

LONGEST_AT_A_STEP: Final = 1_000_000
"""Bytes that are read quickly, which is in C: 10 ms at most."""
MOST_AT_A_STEP: Final = 300_000
"""Values in a list that are read in C, without a step of Python between them: 30 ms."""


class NotJson(ValueError):
    """Why it is not."""


def parsed(raw: bytes) -> object:
    """Raises `NotJson`."""
    if len(raw) > LONGEST_AT_A_STEP:
        return _with_care(raw)
    try:
        value = _quick.decode(raw)
        if _kept_all(value, raw):
            return value
    except (ValueError, RecursionError):
        pass  # What exactly is wrong, the careful one says.
    return _with_care(raw)


def _kept_all(value: object, raw: bytes) -> bool:
    """Whether no name stood twice: each member has a colon, so that with all there it is written with as many."""
    return _ESCAPED not in raw and _write(value).count(b":") == raw.count(b":")


def _with_care(raw: bytes) -> object:
    """Three times slower than the quick way, which settles it for nearly all, and up to twenty times with patience."""
    make = _Patient if raw.count(b",") > MOST_AT_A_STEP else json.JSONDecoder
    hook = _whole if _HALVES.search(raw) else _unique
    try:
        return make(object_pairs_hook=hook, parse_constant=_no_number).decode(raw.decode())
    except _Double as double:
        raise NotJson(f"the name {double.args[0]!r} stands twice in one object") from None
    except UnicodeDecodeError:
        raise NotJson("it is not UTF-8") from None
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    except ValueError as fault:
        raise NotJson(str(fault)) from None


class _Patient(json.JSONDecoder):
    """In Python all the way: between any two values another thread may take over."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.scan_once = py_make_scanner(self)


class _Double(ValueError):
    pass


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        raise _Double(next(name for name, _ in pairs if name in seen or seen.add(name)))  # type: ignore[func-returns-value]
    return members


def _whole(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Half a surrogate pair in a value is told by whoever reads that value; in a name it would break the telling."""
    if any(_HALF.search(name) for name, _ in pairs):
        raise ValueError("a name holds half a surrogate pair, which is no character")
    return _unique(pairs)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_quick: Final = msgspec.json.Decoder()
_write: Final = msgspec.json.Encoder().encode
_ESCAPED: Final = b"\\u003"
"""How a colon may begin that does not look like one."""
_HALVES: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_HALF: Final = re.compile("[\ud800-\udfff]")

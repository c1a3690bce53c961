"""Suppressions as CSV, both ways: a list is read as a whole, or refused with everything that is wrong in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from couvert.commands.addresses import AddressFault, normalise
from couvert.commands.suppressions import Entry
from couvert.domain import ids
from couvert.domain.delivery_events import Reason
from couvert.domain.refusals import Fault, RuleBroken
from couvert.domain.suppression import REASONS, Suppression, mark_of

COLUMNS: Final = ("email", "reason", "expiresAt", "createdAt", "deliveryId", "suppressionId")
"""What is written; of what is read, the first three count, and the rest is left alone."""
MOST: Final = 100_000
"""Lines that are committed together: they take a second or two."""
_NAMES: Final = {"email": "email", "emailaddress": "email", "address": "email", "reason": "reason", "expiresat": "end"}
"""Header without case, spaces, hyphens and underscores; providers write some of them otherwise."""
_REASONS: Final[Mapping[str, Reason]] = {reason: reason for reason in REASONS} | {"": "manual", "bounce": "hard_bounce"}


def read(text: str, now: int, most: int | None = MOST) -> list[Entry]:
    """Raises `RuleBroken` with every fault: `lines.7 ...`, counted from 1 with the header."""
    rows = list(islice(_rows(text.removeprefix("\ufeff")), most and most + 2))
    columns = _columns(rows[0][1] if rows else [])
    if most is not None and len(rows) - 1 > most:
        raise _broken([Fault("lines", f"are more than {most:,}; split the list, so many to a part")])
    entries, faults, seen = list[Entry](), list[Fault](), dict[bytes, int]()
    for line, cells in rows[1:]:
        try:
            entries.append(_entry(line, dict(zip(columns, map(str.strip, cells), strict=False)), seen, now))
        except ValueError as fault:
            faults.append(Fault(f"lines.{line}", str(fault)))
    if faults:
        raise _broken(faults)
    return entries


def written(suppressions: Iterable[Suppression]) -> str:
    """The lines below the `HEADER`; what is read back suppresses the same addresses."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")  # RFC 4180
    for each in suppressions:
        delivery = each.delivery and ids.encode("dlv", each.delivery)
        writer.writerow((
            each.address, each.reason, _time(each.expires_at), _time(each.created_at), delivery or "",
            ids.encode("sup", each.id),
        ))  # fmt: skip
    return buffer.getvalue()


HEADER: Final = ",".join(COLUMNS) + "\r\n"


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that is not empty, with its number."""
    header, _, _ = text.partition("\n")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            words = 'a cell that begins with " ends with one, and "" stands for one inside'
            raise _broken([Fault(f"lines.{line}", f"cannot be read ({error}); {words}")]) from None
        if any(map(str.strip, cells)):
            yield line, cells


def _columns(header: Sequence[str]) -> list[str]:
    plain = [name.strip().lower().replace("_", "").replace("-", "").replace(" ", "") for name in header]
    columns = [_NAMES.get(name, "") for name in plain]
    if columns.count("email") != 1:
        raise _broken([Fault("lines.1", 'names the columns, and exactly one of them has to be "email"')])
    return columns


def _entry(line: int, cells: Mapping[str, str], seen: dict[bytes, int], now: int) -> Entry:
    """Raises `ValueError`."""
    try:
        address = normalise(cells.get("email", ""))
    except AddressFault as fault:
        raise ValueError(f"has no valid address: {fault}") from None
    first = seen.setdefault(mark_of(address), line)
    if first != line:
        raise ValueError(f"repeats the address of line {first}")
    reason = _REASONS.get(cells.get("reason", "").lower())
    if reason is None:
        raise ValueError(f"has a reason that there is not; write {', '.join(REASONS)}, or nothing")
    return Entry(address, reason, _end(cells.get("end", ""), now))


def _end(text: str, now: int) -> int | None:
    if not text:
        return None
    try:
        end = datetime.fromisoformat(text)
        milliseconds = round(end.timestamp() * 1000) if end.tzinfo else None
    except (ValueError, OverflowError):
        milliseconds = None
    if milliseconds is None:
        raise ValueError("has no valid expiresAt; write a time with its zone, such as 2026-01-31T12:00:00Z, or nothing")
    if milliseconds <= now:
        raise ValueError("has an expiresAt that is past; leave out what has ended")
    return milliseconds


def _time(ms: int | None) -> str:
    if ms is None:
        return ""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _broken(faults: Sequence[Fault]) -> RuleBroken:
    return RuleBroken("; ".join(f"{fault.path} {fault.words}" for fault in faults), faults)

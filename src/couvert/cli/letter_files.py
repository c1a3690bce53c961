"""Files that the command line reads: HTML templates and lists of recipients."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from couvert.commands.addresses import AddressFault, normalise
from couvert.domain.lines import is_one_line
from couvert.domain.mail import Recipient
from couvert.domain.refusals import RuleBroken

T = TypeVar("T")

COLUMNS: Final = {
    "email": "email", "mail": "email", "e-mail": "email", "recipient_email": "email",
    "name": "name", "recipient_name": "name", "company": "company", "recipient_company": "company",
    "email_recipient_id": "email_recipient_id", "emailrecipientid": "email_recipient_id", "id": "email_recipient_id",
}  # fmt: skip
"""Header, in any case, -> field of a recipient; any other column is a variable."""


@dataclass(slots=True)
class RecipientList:
    recipients: list[Recipient] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Lines that cannot be sent to, each with its number and why."""
    repeats: list[str] = field(default_factory=list)
    """Lines left out because an earlier one has the same address."""


def read_template(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RuleBroken(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise RuleBroken(f"{path}: is not UTF-8; save it as UTF-8") from None


def read_recipients(path: Path) -> RecipientList:
    """A CSV file with a header line, one column of which is `email`. Separators: comma, semicolon or tab."""
    text = read_template(path).removeprefix("\ufeff")
    header, _, _ = text.partition("\n")
    lines = _numbered(path, text, separator=max(",;\t", key=header.count))
    _, columns = next(lines, (1, []))
    fields = _fields(path, columns)
    found, seen = RecipientList(), dict[str, int]()
    for line, cells in lines:
        if any(cell.strip() for cell in cells):
            _read_line(found, seen, line, fields, cells)
    if not (found.recipients or found.faults):
        raise RuleBroken(f"{path}: has no recipients; they stand below the first line, which names the columns")
    return found


def _numbered(path: Path, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row with the number of the line it begins on, which is where a quote was left open."""
    rows = csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True)
    while True:
        line = rows.line_num + 1
        try:
            yield line, next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise RuleBroken(
                f"{path}: line {line}: cannot be read ({error}); "
                'a cell that begins with " ends with one, and "" stands for one inside'
            ) from None


def _fields(path: Path, columns: list[str]) -> list[str]:
    """What each column is; columns without a name are nothing."""
    fields = [COLUMNS.get(column.strip().lower(), column.strip()) for column in columns]
    if "email" not in fields:
        raise RuleBroken(f'{path}: line 1: must name the columns, one of them "email"')
    for at, name in enumerate(fields):
        if name and name in fields[:at]:
            first, again = columns[fields.index(name)].strip(), columns[at].strip()
            raise RuleBroken(f'{path}: line 1: the columns "{first}" and "{again}" mean the same; keep one of them')
    return fields


def _read_line(found: RecipientList, seen: dict[str, int], line: int, fields: list[str], cells: list[str]) -> None:
    values = {name: cell.strip() for name, cell in zip(fields, cells, strict=False) if name}
    try:
        if any(cell.strip() for cell in cells[len(fields) :]):
            raise ValueError(f"has {len(cells)} cells, and the first line names {len(fields)} columns")
        email = normalise(values.pop("email", ""))
        _refuse_controls(values)
    except (AddressFault, ValueError) as fault:
        found.faults.append(f"line {line}: {fault}")
        return
    if email in seen:
        found.repeats.append(f"line {line}: {email} stands on line {seen[email]} already")
        return
    seen[email] = line
    own = {name: values.pop(name, None) or None for name in ("name", "company", "email_recipient_id")}
    found.recipients.append(Recipient(email, **own, variables=values or None))


def _refuse_controls(values: dict[str, str]) -> None:
    for name, value in values.items():
        if not is_one_line(value):
            raise ValueError(f"{name} has a line break or another control character")


def chunks(items: list[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]

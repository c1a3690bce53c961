"""JSON of somebody else's, in which anything may stand anywhere."""

from __future__ import annotations

from typing import Any

from couvert.domain.notice_statements import Unreadable


def part_of(notice: Any, name: str) -> dict[str, Any]:
    found = notice.get(name) if isinstance(notice, dict) else None
    if not isinstance(found, dict):
        raise Unreadable(f"its {name} is missing")
    return found


def each_of(part: Any, name: str, *, least: int = 1) -> list[Any]:
    found = part.get(name)
    many = found if isinstance(found, list) else []
    if len(many) < least:
        raise Unreadable(f"its {name} are missing")
    return many


def addresses_of(part: Any, name: str) -> list[str]:
    return [address for address in each_of(part, name) if isinstance(address, str)]


def text_of(part: Any, name: str) -> str | None:
    """What can be stored of it: JSON may hold half a surrogate pair."""
    found = part.get(name) if isinstance(part, dict) else None
    return found.encode("utf-8", "replace").decode() if isinstance(found, str) and found else None

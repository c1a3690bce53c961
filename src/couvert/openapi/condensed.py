"""What is the same in many calls is told once: a header on every answer is one change, and not hundreds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from couvert.openapi.difference import Difference

MOST_ALIKE: Final = 3
_WHERE: Final = re.compile(r"([A-Z]+ /\S*)(.*)")
_STATUS: Final = re.compile(r"^ answer \w+")


def condensed(differences: Iterable[Difference]) -> list[Difference]:
    """Where the first of those that are alike stood."""
    groups: dict[Difference, list[Difference]] = {}
    for difference in differences:
        groups.setdefault(difference._replace(where=_tail(difference)), []).append(difference)
    return [told for alike in groups.values() for told in _told(alike)]


def _told(alike: list[Difference]) -> list[Difference]:
    calls = list(dict.fromkeys(_split(difference)[0] for difference in alike))
    if len(calls) <= MOST_ALIKE:
        return alike
    tails = {_split(difference)[1] for difference in alike}
    tail = tails.pop() if len(tails) == 1 else _STATUS.sub(" answers", tails.pop())
    named = f"{', '.join(calls[:MOST_ALIKE])} and {len(calls) - MOST_ALIKE} more"
    return [alike[0]._replace(where=f"{len(calls)} calls{tail}", sentence=f"{alike[0].sentence} In {named}.")]


def _tail(difference: Difference) -> str:
    """Where in a call, whatever the call and its status."""
    return _STATUS.sub(" answers", _split(difference)[1])


def _split(difference: Difference) -> tuple[str, str]:
    found = _WHERE.fullmatch(difference.where)
    return (found[1], found[2]) if found else (difference.where, "")

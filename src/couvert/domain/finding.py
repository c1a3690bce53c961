"""What a look at something found: well, worth knowing, wrong or unknown; and then the sentence says what to do."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    OK = "ok"
    NOTE = "note"
    WRONG = "WRONG"
    UNKNOWN = "?"


class Finding(NamedTuple):
    subject: str
    verdict: Verdict
    sentence: str


def well(subject: str, sentence: str) -> Finding:
    return Finding(subject, Verdict.OK, sentence)


def note(subject: str, sentence: str) -> Finding:
    """Not wrong, but perhaps not what was meant."""
    return Finding(subject, Verdict.NOTE, sentence)


def wrong(subject: str, sentence: str) -> Finding:
    return Finding(subject, Verdict.WRONG, sentence)


def unknown(subject: str, sentence: str) -> Finding:
    """It could not be looked at."""
    return Finding(subject, Verdict.UNKNOWN, sentence)

"""Batches: each entry on its own, and all of them refused where the batch itself is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from couvert.simulator.errors import AwsError
from couvert.simulator.sqs.asked import missing

MOST_ENTRIES: Final = 10
ID_RULE: Final = (
    "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
    "It can be at most 80 letters long."
)

Entry = dict[str, Any]


def batch(kind: str, entries: list[Entry], work: Callable[[Entry], Entry]) -> dict[str, list[Entry]]:
    _check(kind, entries)
    successful: list[Entry] = []
    failed: list[Entry] = []
    for entry in entries:
        try:
            successful.append({"Id": entry["Id"], **work(entry)})
        except AwsError as error:
            told = {"Code": error.error_type, "Message": error.message, "SenderFault": True}
            failed.append({"Id": entry["Id"], **told})
    return {"Successful": successful, "Failed": failed}


def _check(kind: str, entries: list[Entry]) -> None:
    if not entries:
        words = f"There should be at least one {kind}BatchRequestEntry in the request."
        raise AwsError("EmptyBatchRequest", words)
    if len(entries) > MOST_ENTRIES:
        words = f"Maximum number of entries per request are {MOST_ENTRIES}. You have sent {len(entries)}."
        raise AwsError("TooManyEntriesInBatchRequest", words)
    seen: set[str] = set()
    for entry in entries:
        _check_id(entry.get("Id"), seen)


def _check_id(name: Any, seen: set[str]) -> None:
    if name is None:
        raise missing("Id")
    if re.fullmatch(r"[A-Za-z0-9_-]{1,80}", name) is None:
        raise AwsError("InvalidBatchEntryId", ID_RULE)
    if name in seen:
        raise AwsError("BatchEntryIdsNotDistinct", f"Id {name} repeated.")
    seen.add(name)

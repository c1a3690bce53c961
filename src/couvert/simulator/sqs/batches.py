"""Batches: each entry on its own, and all of them refused where the batch itself is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from couvert.simulator.errors import AwsError

MOST_ENTRIES: Final = 10

Entry = dict[str, Any]


def batch(entries: list[Entry], work: Callable[[Entry], Entry]) -> dict[str, list[Entry]]:
    _check(entries)
    successful: list[Entry] = []
    failed: list[Entry] = []
    for entry in entries:
        try:
            successful.append({"Id": entry["Id"], **work(entry)})
        except AwsError as error:
            told = {"Code": error.error_type, "Message": error.message, "SenderFault": True}
            failed.append({"Id": entry["Id"], **told})
    return {"Successful": successful, "Failed": failed}


def _check(entries: list[Entry]) -> None:
    if not entries:
        raise AwsError("EmptyBatchRequest", "There should be at least one entry in the request.")
    if len(entries) > MOST_ENTRIES:
        words = f"Maximum number of entries per request are {MOST_ENTRIES}. You have sent {len(entries)}."
        raise AwsError("TooManyEntriesInBatchRequest", words)
    ids = [entry.get("Id") for entry in entries]
    if None in ids:
        raise AwsError("MissingParameter", "The request must contain the parameter Id.")
    if len(set(ids)) < len(ids):
        raise AwsError("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")

"""Answers in SQS's JSON protocol, which still names each error as the older one did."""

from __future__ import annotations

from typing import Final

from couvert.simulator.errors import AwsError
from couvert.simulator.exchange import Answer, json_answer

CONTENT_TYPE: Final = "application/x-amz-json-1.0"

_OLDER: Final = {
    "AccessDeniedException": "AccessDenied",
    "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
    "QueueNameExists": "QueueAlreadyExists",
    "EmptyBatchRequest": "AWS.SimpleQueueService.EmptyBatchRequest",
    "TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
    "BatchEntryIdsNotDistinct": "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
    "BatchRequestTooLong": "AWS.SimpleQueueService.BatchRequestTooLong",
    "InvalidBatchEntryId": "AWS.SimpleQueueService.InvalidBatchEntryId",
    "MessageNotInflight": "AWS.SimpleQueueService.MessageNotInflight",
    "UnsupportedOperation": "AWS.SimpleQueueService.UnsupportedOperation",
}
_OF_THE_FRAME: Final = {
    "InvalidParameterValue": "com.amazon.coral.service#InvalidParameterValueException",
    "MissingParameter": "com.amazon.coral.service#MissingRequiredParameterException",
}
"""What is refused before SQS itself sees it; only the older name is that of its documentation."""


def said(value: object, status: int = 200, *headers: tuple[str, str]) -> Answer:
    return json_answer(value, status, *headers)._replace(content_type=CONTENT_TYPE)


def refused(error: AwsError) -> Answer:
    """The type twice, as SQS has it: its own, and the one that its older protocol had."""
    name = error.error_type
    body = {"__type": _OF_THE_FRAME.get(name, f"com.amazonaws.sqs#{name}"), "message": error.message}
    return said(body, error.status, ("x-amzn-query-error", f"{_OLDER.get(name, name)};Sender"))

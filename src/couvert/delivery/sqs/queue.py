"""A queue of Amazon SQS, by name or by URL: send, receive and delete, ten messages a call."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from botocore.session import Session

from couvert.delivery.sqs.calls import Calls, QueueRefused, QueueTrouble
from couvert.delivery.sqs.messages import AT_ONCE, NotTaken, Outgoing, Received, received
from couvert.settings import is_address

WAIT_SECONDS: Final = 20
"""The longest that SQS waits for a first message."""
HIDDEN_SECONDS: Final = 60
"""How long a message is ours; what is not deleted by then is given out again."""
LARGEST_EVERYWHERE: Final = 262_144
"""Bytes of a message that every queue takes, unless somebody lowered its limit."""
_ABOUT_THE_MESSAGE: Final = frozenset({"BatchRequestTooLong", "InvalidMessageContents", "InvalidParameterValue"})
"""The call is refused for what it carries."""
_NAME: Final = re.compile(r"[0-9A-Za-z_-]{1,80}", re.ASCII)
_REGION: Final = re.compile(r"sqs\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?")


class QueueState(NamedTuple):
    arn: str
    waiting: int
    """Messages that nobody has fetched; about so many, as SQS counts."""
    under_way: int
    """Fetched, and neither deleted nor given out again."""


class Queue:
    """`sqs://name`, or the queue's full URL. Raises `ValueError` if it is neither, or no region is set."""

    def __init__(self, address: str, endpoint: str | None = None) -> None:
        session = Session()
        parts = urlsplit(address)
        if parts.scheme == "sqs" and parts.netloc and not parts.path:
            self._name, self._url = parts.netloc, None
        elif parts.scheme in {"http", "https"} and parts.netloc and parts.path.strip("/"):
            self._name, self._url = "", address
        else:
            raise ValueError("write it as sqs://name, or as the queue's full URL")
        if not _NAME.fullmatch(address.rpartition("/")[2]):
            raise ValueError("names no standard queue: letters, digits, - and _, 80 at most; FIFO queues are not used")
        region = _region_of(parts.netloc, endpoint, session)
        self._calls = Calls(session, region, endpoint or _own_endpoint(address, region))

    async def send(self, messages: Sequence[Outgoing]) -> list[NotTaken | None]:
        """Ten at most, as `messages.packed` cuts them. What was not taken, in their order; `QueueTrouble` if nobody
        knows: then some may be there.
        """
        entries = [message.entry(n) for n, message in enumerate(messages)]
        try:
            answer = await self._ask("SendMessageBatch", {"Entries": entries})
        except QueueRefused as trouble:
            if len(messages) == 1 and trouble.code in _ABOUT_THE_MESSAGE:
                return [NotTaken(str(trouble), is_final=True)]
            raise
        ends: list[NotTaken | None] = [NotTaken("SQS does not mention it", is_final=False)] * len(messages)
        for taken in answer.get("Successful") or ():
            ends[int(taken["Id"])] = None
        for failed in answer.get("Failed") or ():
            why = f"{failed.get('Code')}: {failed.get('Message') or ''}"
            ends[int(failed["Id"])] = NotTaken(why, is_final=bool(failed.get("SenderFault")))
        return ends

    async def receive(self, *, wait_seconds: int = WAIT_SECONDS, attributes: Collection[str] = ()) -> list[Received]:
        """Ten at most; none if none came in that time. Raises `QueueTrouble`, as the others do."""
        asked: dict[str, Any] = {
            "MaxNumberOfMessages": AT_ONCE,
            "WaitTimeSeconds": wait_seconds,
            "VisibilityTimeout": HIDDEN_SECONDS,
        }
        if attributes:
            asked["MessageAttributeNames"] = list(attributes)
        answer = await self._ask("ReceiveMessage", asked, wait_seconds)
        return [received(each) for each in answer.get("Messages") or ()]

    async def delete(self, receipts: Sequence[str]) -> None:
        """Ten at most. What is not deleted comes again, which does no harm to who keeps things once."""
        entries = [{"Id": str(n), "ReceiptHandle": receipt} for n, receipt in enumerate(receipts)]
        answer = await self._ask("DeleteMessageBatch", {"Entries": entries})
        if failed := answer.get("Failed"):
            raise QueueTrouble(f"{len(failed)} of {len(receipts)} messages were not deleted ({failed[0].get('Code')})")

    async def largest(self) -> int:
        """How many bytes a message may have, as the queue says; what every queue takes where it may not be asked."""
        try:
            answer = await self._ask("GetQueueAttributes", {"AttributeNames": ["MaximumMessageSize"]})
            return int(answer["Attributes"]["MaximumMessageSize"])
        except (QueueTrouble, KeyError, ValueError):
            return LARGEST_EVERYWHERE

    async def state(self) -> QueueState:
        names = ["QueueArn", "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = await self._ask("GetQueueAttributes", {"AttributeNames": names})
        arn, waiting, under_way = ((answer.get("Attributes") or {}).get(name) for name in names)
        return QueueState(str(arn), int(waiting or 0), int(under_way or 0))

    async def close(self) -> None:
        await self._calls.close()

    async def _ask(self, action: str, asked: Mapping[str, Any], wait_seconds: float = 0) -> dict[str, Any]:
        if self._url is None:
            self._url = str((await self._calls.ask("GetQueueUrl", {"QueueName": self._name}))["QueueUrl"])
        return await self._calls.ask(action, {"QueueUrl": self._url, **asked}, wait_seconds)


def _region_of(host: str, endpoint: str | None, session: Session) -> str:
    found = _REGION.search(host)
    named = os.environ.get("AWS_REGION") or session.get_config_variable("region")
    region = found[1] if found else named or ("us-east-1" if endpoint or not host.endswith("amazonaws.com") else "")
    if not region:
        raise ValueError("set AWS_REGION, or write the queue's full URL")
    return str(region)


def _own_endpoint(address: str, region: str) -> str:
    parts = urlsplit(address)
    if parts.scheme != "sqs":
        return f"{parts.scheme}://{parts.netloc}"
    named = os.environ.get("AWS_ENDPOINT_URL_SQS") or os.environ.get("AWS_ENDPOINT_URL")
    if named and not is_address(named):
        raise ValueError(f"AWS_ENDPOINT_URL is {named!r}; write it as http://127.0.0.1:4579")
    return named or f"https://sqs.{region}.amazonaws.com"

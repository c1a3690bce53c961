"""A queue of Amazon SQS: ten messages a call, waited for at the queue's side, signed by the AWS SDK's own signer."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import aiohttp
import msgspec
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.session import Session

AT_ONCE: Final = 10
"""As many as SQS gives, and takes, in one call."""
WAIT_SECONDS: Final = 20
"""The longest that SQS waits for a first message."""
HIDDEN_SECONDS: Final = 60
"""How long a message is ours; what is not deleted by then is given out again."""
_REGION: Final = re.compile(r"sqs\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?")


class QueueTrouble(Exception):
    """The queue did not do what it was asked; nothing is lost by asking again. Its text says why."""


class QueueRefused(QueueTrouble):
    """SQS said so itself."""

    def __init__(self, action: str, status: int, said: str) -> None:
        super().__init__(f"{action}: {status} {said}")
        self.right = f"sqs:{action}"
        self.is_missing = "QueueDoesNotExist" in said or "NonExistentQueue" in said
        self.is_forbidden = status == 403 or "AccessDenied" in said


class QueueState(NamedTuple):
    arn: str
    waiting: int
    """Messages that nobody has fetched; about so many, as SQS counts."""
    under_way: int
    """Fetched, and neither deleted nor given out again."""


class Received(NamedTuple):
    receipt: str
    body: str


class Queue:
    """`sqs://name`, or the queue's full URL. Raises `ValueError` if it is neither, or no region is set."""

    def __init__(self, address: str, endpoint: str | None = None) -> None:
        self._session = Session()
        parts = urlsplit(address)
        if parts.scheme == "sqs" and parts.netloc and not parts.path:
            self._name, self._url = parts.netloc, None
        elif parts.scheme in {"http", "https"} and parts.netloc and parts.path.strip("/"):
            self._name, self._url = "", address
        else:
            raise ValueError("write it as sqs://name, or as the queue's full URL")
        self._region = self._region_of(parts.netloc, endpoint)
        self._endpoint = (endpoint or self._own_endpoint(address)).rstrip("/") + "/"
        self._http: aiohttp.ClientSession | None = None

    async def receive(self, *, wait_seconds: int = WAIT_SECONDS) -> list[Received]:
        """Ten at most; none if none came in that time. Raises `QueueTrouble`, as the others do."""
        asked = {
            "MaxNumberOfMessages": AT_ONCE,
            "WaitTimeSeconds": wait_seconds,
            "VisibilityTimeout": HIDDEN_SECONDS,
        }
        answer = await self._of_queue("ReceiveMessage", asked)
        return [Received(each["ReceiptHandle"], each["Body"]) for each in answer.get("Messages") or ()]

    async def delete(self, receipts: Sequence[str]) -> None:
        """Ten at most. What is not deleted comes again, which does no harm to who keeps things once."""
        entries = [{"Id": str(n), "ReceiptHandle": receipt} for n, receipt in enumerate(receipts)]
        answer = await self._of_queue("DeleteMessageBatch", {"Entries": entries})
        if failed := answer.get("Failed"):
            raise QueueTrouble(f"{len(failed)} of {len(receipts)} messages were not deleted ({failed[0].get('Code')})")

    async def state(self) -> QueueState:
        names = ["QueueArn", "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = await self._of_queue("GetQueueAttributes", {"AttributeNames": names})
        arn, waiting, under_way = ((answer.get("Attributes") or {}).get(name) for name in names)
        return QueueState(str(arn), int(waiting or 0), int(under_way or 0))

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    # --- Details, in the order they are called ------------------------------------------------------------------------

    async def _of_queue(self, action: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        if self._url is None:
            self._url = str((await self._call("GetQueueUrl", {"QueueName": self._name}))["QueueUrl"])
        return await self._call(action, {"QueueUrl": self._url, **asked})

    async def _call(self, action: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        body = msgspec.json.encode(asked)
        try:
            headers = await asyncio.to_thread(self._signed, action, body)  # credentials may come over the network
            timeout = aiohttp.ClientTimeout(total=WAIT_SECONDS + 20)
            http = self._opened()
            async with http.post(self._endpoint, data=body, headers=headers, timeout=timeout) as answer:
                said = await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, BotoCoreError) as error:
            raise QueueTrouble(f"{action}: {error or type(error).__name__}") from None
        if status != 200:
            raise QueueRefused(action, status, said[:300].decode("utf-8", "replace"))
        try:
            return msgspec.json.decode(said, type=dict[str, Any])
        except msgspec.MsgspecError:
            raise QueueTrouble(f"{action}: the answer is no JSON") from None

    def _opened(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(trust_env=True)
        return self._http

    def _signed(self, action: str, body: bytes) -> dict[str, str]:
        credentials = self._session.get_credentials()
        if credentials is None:
            raise QueueTrouble(
                "there are no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role"
            )
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{action}"}
        request = AWSRequest(method="POST", url=self._endpoint, data=body, headers=headers)
        SigV4Auth(credentials.get_frozen_credentials(), "sqs", self._region).add_auth(request)
        return dict(request.headers.items())

    def _region_of(self, host: str, endpoint: str | None) -> str:
        found = _REGION.search(host)
        named = os.environ.get("AWS_REGION") or self._session.get_config_variable("region")
        region = found[1] if found else named or ("us-east-1" if endpoint or not host.endswith("amazonaws.com") else "")
        if not region:
            raise ValueError("set AWS_REGION, or write the queue's full URL")
        return str(region)

    def _own_endpoint(self, address: str) -> str:
        parts = urlsplit(address)
        if parts.scheme != "sqs":
            return f"{parts.scheme}://{parts.netloc}"
        named = os.environ.get("AWS_ENDPOINT_URL_SQS") or os.environ.get("AWS_ENDPOINT_URL")
        return named or f"https://sqs.{self._region}.amazonaws.com"

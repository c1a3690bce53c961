"""Calls of SQS in its JSON protocol, signed by the AWS SDK's own signer: a fifth of what its client takes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final

import aiohttp
import msgspec
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials, RefreshableCredentials
from botocore.session import Session

from couvert.delivery import aws_keys

IN_ONE_PIECE: Final = 1_000_000
"""Bytes that are written at once; what is longer is written piece by piece, while others are served."""
PATIENCE_SECONDS: Final = 20
"""For an answer, beyond what was asked to be waited for."""
_NO_CREDENTIALS: Final = "there are no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role"


class QueueTrouble(Exception):
    """The queue did not do what it was asked; nothing is lost by asking again. Its text says why."""


class QueueRefused(QueueTrouble):
    """SQS said so itself."""

    def __init__(self, action: str, status: int, said: bytes) -> None:
        super().__init__(f"{action}: {status} {said[:300].decode('utf-8', 'replace')}")
        self.code = _code(said)
        """Its own, such as `QueueDoesNotExist`."""
        self.right = f"sqs:{action}"
        self.is_missing = self.code in {"QueueDoesNotExist", "NonExistentQueue"}
        # Credentials that it does not know are answered 403 too; no right would help those.
        self.is_forbidden = "AccessDenied" in self.code


class Calls:
    """To one endpoint, in one region."""

    def __init__(self, session: Session, region: str, endpoint: str) -> None:
        self._session = session
        self._region = region
        self._endpoint = endpoint.rstrip("/") + "/"
        self._credentials: Any = None
        self._looked_at = 0.0
        self._http: aiohttp.ClientSession | None = None

    async def ask(self, action: str, asked: Mapping[str, Any], wait_seconds: float = 0) -> dict[str, Any]:
        """Raises `QueueTrouble`."""
        body = msgspec.json.encode(asked)
        timeout = aiohttp.ClientTimeout(total=wait_seconds + PATIENCE_SECONDS)
        try:
            headers = self._signed(action, body, await self._keys())
            data = body if len(body) <= IN_ONE_PIECE else BytesIO(body)
            async with self._opened().post(self._endpoint, data=data, headers=headers, timeout=timeout) as answer:
                said = await answer.read()
                status = answer.status
        except (aiohttp.ClientError, *aws_keys.TROUBLE) as error:  # a time-out is an OSError
            raise QueueTrouble(f"{action}: {error or type(error).__name__}") from None
        if status != 200:
            raise QueueRefused(action, status, said)
        return _decoded(action, said)

    async def close(self) -> None:
        """What is open; another call opens it anew."""
        http, self._http = self._http, None
        if http is not None:
            await http.close()

    # --- Details, in the order they are called ------------------------------------------------------------------------

    async def _keys(self) -> ReadOnlyCredentials:
        """Looking for them and renewing them may go over the network, and so is done elsewhere."""
        if self._credentials is None or time.monotonic() - self._looked_at >= aws_keys.LOOK_SECONDS:
            self._looked_at = time.monotonic()
            self._session = await asyncio.to_thread(aws_keys.session_now, self._session)
            self._credentials = await asyncio.to_thread(self._session.get_credentials)
        credentials = self._credentials
        if credentials is None:
            raise QueueTrouble(_NO_CREDENTIALS)
        if isinstance(credentials, RefreshableCredentials) and credentials.refresh_needed():
            return await asyncio.to_thread(credentials.get_frozen_credentials)
        return credentials.get_frozen_credentials()

    def _signed(self, action: str, body: bytes, keys: ReadOnlyCredentials) -> dict[str, str]:
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{action}"}
        request = AWSRequest(method="POST", url=self._endpoint, data=body, headers=headers)
        SigV4Auth(keys, "sqs", self._region).add_auth(request)
        return dict(request.headers.items())

    def _opened(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(trust_env=True)
        return self._http


def _decoded(action: str, said: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(said, type=dict[str, Any])
    except msgspec.MsgspecError:
        pass
    try:
        # Half a surrogate pair in one message is no reason to get none of the ten.
        answer = json.loads(said)
    except ValueError:
        raise QueueTrouble(f"{action}: the answer is no JSON") from None
    if not isinstance(answer, dict):
        raise QueueTrouble(f"{action}: the answer is no object")
    return answer


def _code(said: bytes) -> str:
    """Of `com.amazonaws.sqs#QueueDoesNotExist`, the end."""
    try:
        return str(msgspec.json.decode(said, type=dict[str, Any]).get("__type", "")).rpartition("#")[2]
    except msgspec.MsgspecError:
        return ""

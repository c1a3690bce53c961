"""Rare questions to AWS, by boto3 in a thread; what keeps an answer from coming is told by what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple

import boto3
import botocore.exceptions
from botocore.config import Config

from couvert.delivery import aws_keys
from couvert.domain.times import to_ms

Answer = Mapping[str, Any]
PAGES: Final = 20
"""At most, of a list that comes in pages."""
_RIGHTS: Final = {"sesv2": "ses"}
"""What a service is called in policies, where that is not boto3's name of it."""
_NOT_ALLOWED: Final = frozenset(
    {"AccessDeniedException", "AccessDenied", "AuthorizationError", "UnauthorizedOperation"}
)
_NOT_THERE: Final = frozenset({
    "NotFoundException", "NotFound", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue",
})  # fmt: skip
_NOT_BELIEVED: Final = frozenset({
    "UnrecognizedClientException", "InvalidClientTokenId", "SignatureDoesNotMatch", "InvalidSignatureException",
    "IncompleteSignature", "IncompleteSignatureException", "MissingAuthenticationToken",
    "MissingAuthenticationTokenException", "ExpiredToken", "ExpiredTokenException", "RequestExpired", "OptInRequired",
})  # fmt: skip


class AwsTrouble(Exception):
    """What was asked was not answered; the text says why."""

    provider_at: int | None = None
    """What the time is there, in ms since 1970, if somebody answered."""


class NotAllowed(AwsTrouble):
    """The credentials are good, and may not ask this; the text is the right that is missing, `ses:GetAccount`."""


class NotThere(AwsTrouble):
    """What was asked about does not exist."""


class NotBelieved(AwsTrouble):
    """The credentials are not good, or the clock is wrong."""


class Found(NamedTuple):
    """Credentials, without what is secret of them."""

    how: str
    """As botocore calls the way in which it found them: `env`, `iam-role`, `shared-credentials-file`."""
    key_id: str
    is_temporary: bool


class Aws:
    """One region, with credentials as boto3 finds them."""

    def __init__(self, region: str, endpoint: str | None = None) -> None:
        self._region = region
        self._endpoint = endpoint
        self._session: Any = None

    async def credentials(self) -> Found | None:
        """Raise `AwsTrouble` if those that are named cannot be had."""
        return await asyncio.to_thread(self._credentials)

    async def ask(self, service: str, call: str, **asked: Any) -> Answer:
        """`ask("sesv2", "GetAccount")`. Raises `AwsTrouble`."""
        return await asyncio.to_thread(self._ask, service, call, asked)

    async def ask_all(self, service: str, call: str, name: str, **asked: Any) -> list[Any]:
        """What stands under `name` on the pages of a list. Raises `AwsTrouble`."""
        answer = await self.ask(service, call, **asked)
        found = list(answer.get(name) or ())
        for _ in range(PAGES - 1):
            if not (token := answer.get("NextToken")):
                break
            answer = await self.ask(service, call, **asked, NextToken=token)
            found += answer.get(name) or ()
        return found

    # --- In the thread ------------------------------------------------------------------------------------------------

    def _credentials(self) -> Found | None:
        try:
            found = self._opened().get_credentials()
            keys = found and found.get_frozen_credentials()
        except aws_keys.TROUBLE as error:
            raise AwsTrouble(str(error)) from error
        return found and Found(found.method, keys.access_key, keys.token is not None)

    def _ask(self, service: str, call: str, asked: Mapping[str, Any]) -> Answer:
        try:
            client = self._opened().client(
                service,
                region_name=self._region,
                endpoint_url=self._endpoint,
                config=Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2}),
            )
            answer: Answer = getattr(client, botocore.xform_name(call))(**asked)
        except botocore.exceptions.ClientError as error:
            raise _trouble(error, f"{_RIGHTS.get(service, service)}:{call}") from error
        except aws_keys.TROUBLE as error:
            raise AwsTrouble(str(error)) from error
        return answer

    def _opened(self) -> Any:
        if self._session is None:
            self._session = boto3.session.Session()
        return self._session


def said_at(answer: Answer) -> int | None:
    """The time by the clock of whoever answered, in ms since 1970."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        at = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        return None
    return to_ms(at if at.tzinfo else at.replace(tzinfo=UTC))


def _trouble(error: botocore.exceptions.ClientError, right: str) -> AwsTrouble:
    code = str(error.response.get("Error", {}).get("Code"))
    words = str(error.response.get("Error", {}).get("Message") or code)
    if code in _NOT_ALLOWED:
        trouble: AwsTrouble = NotAllowed(right)
    elif code in _NOT_THERE:
        trouble = NotThere(words)
    elif code in _NOT_BELIEVED:
        trouble = NotBelieved(f"{code}: {words}")
    else:
        trouble = AwsTrouble(f"{right} is answered {code}: {words}")
    trouble.provider_at = said_at(error.response)
    return trouble

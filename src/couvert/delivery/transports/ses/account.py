"""Whose SES it is: the endpoint and the credentials as boto3 finds them, and what the account may send.

All of this is rare and may take its time (files, environment, the metadata of the machine), so it happens in a thread.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, cast

import botocore.exceptions
from botocore.config import Config
from botocore.session import Session

from couvert.delivery import aws_keys
from couvert.delivery.transport import Unreachable
from couvert.delivery.transports.ses.identity import account_of
from couvert.delivery.transports.ses.options import SesOptions
from couvert.delivery.transports.ses.signed import Signer
from couvert.domain.pace import AccountLimits


class SesAccount:
    """Used from one event loop."""

    def __init__(self, options: SesOptions, fallback: AccountLimits) -> None:
        self.fallback = fallback
        self._name: str | None = None
        self._options = options
        self._session: Any = None
        self._client: Any = None
        self._signer: Signer | None = None
        self._looked_at = 0.0
        self._looking: asyncio.Task[Signer] | None = None

    @property
    def fresh_signer(self) -> Signer | None:
        """The one at hand, None if it has to be looked for."""
        return self._signer if time.monotonic() - self._looked_at < aws_keys.LOOK_SECONDS else None

    async def signer(self) -> Signer:
        """With credentials that are good for minutes. Raise `Unreachable` if there are none."""
        if (fresh := self.fresh_signer) is not None:
            return fresh
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(self._looking)

    async def name(self) -> str:
        """Limits are an account's in a region. Without credentials nothing is sent, whatever the schedule's name is."""
        if self._name is None:
            try:
                access_key_id = (await self.signer()).keys.access_key
            except Unreachable:
                return f"ses:{self._options.region}"
            self._name = f"ses:{self._options.region}:{account_of(access_key_id)}"
        return self._name

    async def limits(self) -> AccountLimits:
        try:
            answer = await asyncio.to_thread(lambda: self._opened().get_account())
        except aws_keys.TROUBLE as error:
            raise Unreachable(f"SES does not say what the account may send: {error}") from error
        quota = answer.get("SendQuota", {})
        per_day = int(quota.get("Max24HourSend", -1))
        per_second = float(quota.get("MaxSendRate", 0)) or self.fallback.per_second
        return AccountLimits(per_second, None if per_day < 0 else per_day, int(quota.get("SentLast24Hours", 0)))

    async def _look(self) -> Signer:
        try:
            signer = await asyncio.to_thread(self._signer_now)
        except aws_keys.TROUBLE as error:
            raise Unreachable(f"SES in {self._options.region}: {error}") from error
        if signer is not self._signer:
            self._name = None  # other credentials may be another account's
        self._signer, self._looked_at = signer, time.monotonic()
        return signer

    def _signer_now(self) -> Signer:
        client = self._opened()
        if (session := aws_keys.session_now(self._session)) is not self._session:
            client = self._open(session)
        credentials = self._session.get_credentials()
        if credentials is None:
            raise botocore.exceptions.NoCredentialsError
        keys = credentials.get_frozen_credentials()
        signer = self._signer
        if signer is not None and signer.keys == keys:
            return signer
        return Signer(keys, self._options.region, cast(str, client.meta.endpoint_url))

    def _opened(self) -> Any:
        return self._open(Session()) if self._client is None else self._client

    def _open(self, session: Session) -> Any:
        client = session.create_client(
            "sesv2",
            region_name=self._options.region,
            endpoint_url=self._options.endpoint,
            config=Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2}),
        )
        # One that was opened without credentials would never have any.
        self._session, self._client = session, client if session.get_credentials() is not None else None
        return client

"""A transport to SES, wherever that is, with credentials of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from couvert.delivery.transports.ses import SesAccount, SesTransport, ses_from_url
from couvert.domain.pace import AccountLimits

KEY_ID, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
FALLBACK = AccountLimits(14)
KEYS = {
    "AWS_ACCESS_KEY_ID": KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
}


@asynccontextmanager
async def transport_to(url: str, query: str = "", **wishes: Any) -> AsyncIterator[SesTransport]:
    options = replace(ses_from_url(f"ses://us-east-1?{query}", url), **{"timeout_seconds": 5.0, **wishes})
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        transport = SesTransport(SesAccount(options, FALLBACK), options)
        try:
            yield transport
        finally:
            await transport.close()

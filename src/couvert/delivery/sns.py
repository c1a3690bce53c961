"""Who signed a message of Amazon SNS: its certificate is fetched from Amazon's own address, once, and kept."""

from __future__ import annotations

import asyncio
import base64
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Collection
from http.client import HTTPException
from typing import Any, Final
from weakref import WeakValueDictionary

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from couvert.domain import sns
from couvert.domain.refusals import Unavailable
from couvert.domain.sns import Envelope, Untrusted

SECONDS: Final = 5.0
LONGEST: Final = 64_000
MOST_KEPT: Final = 64
"""Certificates, and addresses that led to none: Amazon signs with one per region, and a new one each year."""
REFUSED_SECONDS: Final = 60.0

# Version 1 is SHA-1, as SNS signs unless the topic says otherwise; an address is needed to forge one, not a collision.
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303 - see above

Fetch = Callable[[str], Awaitable[bytes]]


async def fetch(url: str) -> bytes:
    """The body of a 200, as it stands there: nothing is redirected. Raises `Untrusted` and `Unavailable`."""
    return await asyncio.to_thread(_fetch, url)


class Signatures:
    def __init__(self, endpoints: Collection[str], fetch: Fetch = fetch) -> None:
        self.endpoints = endpoints
        self._fetch = fetch
        self._keys: dict[str, RSAPublicKey | Untrusted] = {}
        self._one = asyncio.Lock()
        self._turns = WeakValueDictionary[str, asyncio.Lock]()

    async def verify(self, envelope: Envelope, now: int) -> None:
        """That Amazon SNS signed it, and not long ago. Raises `Untrusted`, and `Unavailable` if none can tell now."""
        text = sns.signed_text(envelope)
        sns.check_time(envelope, now)
        algorithm = _HASHES.get(str(envelope.get("SignatureVersion")))
        if algorithm is None:
            raise Untrusted("its SignatureVersion is neither 1 nor 2")
        url = sns.check_certificate_url(envelope.get("SigningCertURL"), self.endpoints)
        try:
            signature = base64.b64decode(str(envelope.get("Signature")), validate=True)
            (await self._key(url)).verify(signature, text, PKCS1v15(), algorithm)
        except (ValueError, InvalidSignature):
            raise Untrusted("its signature is not that of its certificate") from None

    async def confirm(self, envelope: Envelope) -> None:
        """Call the address that it names. Raises `Untrusted` and `Unavailable`."""
        await self._fetch(sns.check_subscribe_url(envelope, self.endpoints))

    async def _key(self, url: str) -> RSAPublicKey:
        # Those of one certificate in the order in which they came; Amazon's wait for nobody who names another one.
        async with self._turns.setdefault(url, asyncio.Lock()):
            if url not in self._keys:
                await self._get(url)
            found = self._keys[url]
        if isinstance(found, Untrusted):
            raise found
        return found

    async def _get(self, url: str) -> None:
        # One at a time: whoever sends many that are none has to wait for each.
        async with self._one:
            if len(self._keys) >= MOST_KEPT:
                self._keys = {known: key for known, key in self._keys.items() if isinstance(key, RSAPublicKey)}
            self._keys[url] = await self._fetched(url)
            if isinstance(self._keys[url], Untrusted):
                asyncio.get_running_loop().call_later(REFUSED_SECONDS, self._keys.pop, url, None)

    async def _fetched(self, url: str) -> RSAPublicKey | Untrusted:
        try:
            key = x509.load_pem_x509_certificate(await self._fetch(url)).public_key()
        except Untrusted as fault:
            return fault
        except ValueError:
            return Untrusted("at its SigningCertURL is no certificate")
        return key if isinstance(key, RSAPublicKey) else Untrusted("its certificate has no RSA key")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """A redirect is an answer like any other that is not 200."""


_opener: Final = urllib.request.build_opener(_NoRedirects)


def _fetch(url: str) -> bytes:
    try:
        with _opener.open(url, timeout=SECONDS) as answer:  # its scheme and host were checked before
            body: bytes = answer.read(LONGEST + 1)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code >= 500:
            raise Unavailable(f"{url} answered {error.code}") from None
        raise Untrusted(f"the address that it names answered {error.code}") from None
    except (OSError, HTTPException) as error:
        raise Unavailable(f"{url} cannot be reached ({error})") from None
    if len(body) > LONGEST:
        raise Untrusted("what is at the address that it names is too long")
    return body

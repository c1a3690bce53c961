"""A call of SES v2 `SendEmail` as bytes: what it says, and botocore's signature of exactly that."""

from __future__ import annotations

from base64 import b64encode
from typing import Final, NamedTuple, cast
from urllib.parse import urlsplit

import msgspec
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

import couvert
from couvert.delivery.transport import Message
from couvert.delivery.transports.ses.options import SesOptions
from couvert.domain.tags import tags

PATH: Final = "/v2/email/outbound-emails"


class Endpoint(NamedTuple):
    host: str
    port: int
    is_encrypted: bool


class _Call(AWSRequest):  # type: ignore[misc]  # botocore has no types
    """Its body is bytes already; else the signer has a whole request prepared to look at it."""

    @property
    def body(self) -> bytes:
        return cast(bytes, self.data)


class Signer:
    """Signs with one set of credentials, for one endpoint."""

    def __init__(self, keys: ReadOnlyCredentials, region: str, endpoint_url: str) -> None:
        parts = urlsplit(endpoint_url)
        is_encrypted = parts.scheme == "https"
        self.keys = keys
        self.endpoint = Endpoint(parts.hostname or "", parts.port or (443 if is_encrypted else 80), is_encrypted)
        self._auth = SigV4Auth(keys, "ses", region)
        self._path = parts.path.rstrip("/") + PATH
        self._url = f"{parts.scheme}://{parts.netloc}{self._path}"
        self._opening = f"POST {self._path} HTTP/1.1\r\nUser-Agent: couvert/{couvert.__version__}\r\n"
        # The signer would take the host out of the URL each time, which costs it a quarter of the signature.
        self._headers = {"Host": parts.netloc, "Content-Type": "application/json"}

    def head(self, body: bytes) -> bytes:
        """Everything before the body."""
        request = _Call("POST", self._url, self._headers, body)
        self._auth.add_auth(request)
        headers = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        return f"{self._opening}{headers}Content-Length: {len(body)}\r\n\r\n".encode("latin-1")


class Wording:
    """The body of the call; what is the same for all messages is put together once."""

    def __init__(self, options: SesOptions) -> None:
        common = {"ConfigurationSetName": options.configuration_set, "TenantName": options.tenant}
        said = msgspec.json.encode({name: value for name, value in common.items() if value is not None})
        self._opening = said[:-1] + (b"," if len(said) > 2 else b"")

    def body(self, message: Message) -> bytes:
        own = msgspec.json.encode({
            "FromEmailAddress": message.sender,
            "Destination": {"ToAddresses": [message.recipient]},
            "EmailTags": [
                {"Name": name, "Value": value} for name, value in tags(message.delivery_id, message.attempt).items()
            ],
        })  # fmt: skip
        content = b64encode(message.content)
        return b"".join((self._opening, own[1:-1], b',"Content":{"Raw":{"Data":"', content, b'"}}}'))

"""What is asked and answered about API keys, and what it means inside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, TypedDict

from pydantic import AfterValidator, BaseModel, Field

from couvert.api.v2.times import Moment, rfc3339, rfc3339_or_none
from couvert.commands.addresses import AddressFault, normalise_sender
from couvert.domain.allowance import Allowance
from couvert.domain.key import ApiKey, NamedOrigin
from couvert.domain.lines import is_one_line
from couvert.domain.origin import parse_origin_name
from couvert.domain.restrictions import Restrictions, parse_network

MOST: Final = 100
LONGEST: Final = 300


def _name(text: str) -> str:
    text = text.strip()
    if not text or not is_one_line(text):
        raise ValueError("write one line that says what the key is for")
    return text


def _sender(text: str) -> str:
    try:
        return normalise_sender(text)
    except AddressFault:
        raise ValueError("write an address, a domain such as example.com, or *.example.com") from None


def _network(text: str) -> str:
    network = parse_network(text)
    if network is None:
        raise ValueError("write a network such as 192.0.2.0/24 or 2001:db8::/32, or one address")
    return network


def _origin(text: str) -> str:
    name = parse_origin_name(text) if is_one_line(text) else None
    if name is None:
        raise ValueError("write a host such as app.example.com, app.example.com:8080 or *.example.com")
    return name


Sender = Annotated[str, Field(max_length=LONGEST), AfterValidator(_sender)]
Network = Annotated[str, Field(max_length=LONGEST), AfterValidator(_network)]
OriginName = Annotated[str, Field(max_length=LONGEST), AfterValidator(_origin)]


class RateBody(BaseModel):
    limit: Annotated[int, Field(ge=1, lt=10**9, description="So many requests that ask for a mail")]
    period_seconds: Annotated[int, Field(alias="periodSeconds", ge=1, lt=10**7, description="in so many seconds.")]


class ReplaceKeyBody(BaseModel):
    name: Annotated[str, Field(max_length=LONGEST, description="What the key is for."), AfterValidator(_name)]
    expires_at: Annotated[Moment | None, Field(alias="expiresAt", description="Null: never.")] = None
    origins: Annotated[
        list[OriginName] | None,
        Field(max_length=MOST, description="Where it may be used; null leaves them as they are."),
    ] = None
    allowed_senders: Annotated[
        list[Sender],
        Field(
            alias="allowedSenders", max_length=MOST,
            description="Addresses, domains, or `*.example.com`; empty: it may send as anybody.",
        ),
    ] = []  # fmt: skip
    allowed_networks: Annotated[
        list[Network],
        Field(
            alias="allowedNetworks", max_length=MOST,
            description="CIDR blocks that requests may come from; empty: from anywhere.",
        ),
    ] = []  # fmt: skip
    rate_limit: Annotated[RateBody | None, Field(alias="rateLimit", description="Null: none.")] = None
    daily_quota: Annotated[
        int | None,
        Field(alias="dailyQuota", ge=1, lt=10**12, description="The most recipients in a day (UTC); null: any number."),
    ] = None

    def restrictions(self) -> Restrictions:
        rate = self.rate_limit
        return Restrictions(
            senders=tuple(dict.fromkeys(self.allowed_senders)),
            networks=tuple(dict.fromkeys(self.allowed_networks)),
            rate=Allowance(rate.limit, rate.period_seconds) if rate else None,
            daily_quota=self.daily_quota,
        )


class CreateKeyBody(ReplaceKeyBody):
    origins: Annotated[list[OriginName], Field(max_length=MOST, description="Web origins that it is good for.")] = []


class OriginBody(BaseModel):
    name: Annotated[OriginName, Field(description="A host, `host:port`, or `*.host` for all below it.")]


class OriginAnswer(TypedDict):
    name: str
    createdAt: str


class RateAnswer(TypedDict):
    limit: int
    periodSeconds: int


class ApiKeyAnswer(TypedDict):
    keyId: str
    name: str
    createdAt: str
    expiresAt: str | None
    origins: list[OriginAnswer]
    allowedSenders: list[str]
    allowedNetworks: list[str]
    rateLimit: RateAnswer | None
    dailyQuota: int | None
    usedToday: Annotated[int | None, Field(description="Recipients of today (UTC); null without a quota.")]


class CreatedApiKeyAnswer(ApiKeyAnswer):
    apiKey: Annotated[str | None, Field(description="The key itself: shown this once, and null when it is replayed.")]


class ApiKeysAnswer(TypedDict):
    apiKeys: list[ApiKeyAnswer]


class OriginsAnswer(TypedDict):
    origins: list[OriginAnswer]


def key_answer(key: ApiKey, used_today: int | None) -> ApiKeyAnswer:
    restrictions = key.restrictions
    rate = restrictions.rate
    return {
        "keyId": key.key_id,
        "name": key.name,
        "createdAt": rfc3339(key.created_at),
        "expiresAt": rfc3339_or_none(key.expires_at),
        "origins": origin_answers(key.origins),
        "allowedSenders": list(restrictions.senders),
        "allowedNetworks": list(restrictions.networks),
        "rateLimit": {"limit": rate.limit, "periodSeconds": rate.period_seconds} if rate else None,
        "dailyQuota": restrictions.daily_quota,
        "usedToday": used_today,
    }


def origin_answers(origins: Iterable[NamedOrigin]) -> list[OriginAnswer]:
    return [{"name": origin.name, "createdAt": rfc3339(origin.created_at)} for origin in origins]

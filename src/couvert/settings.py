"""Every setting, from the environment (`COUVERT_<NAME>`) or a `.env` file; a wrong one stops the start."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_RATE: Final = re.compile(r"([1-9]\d{0,8})/([1-9]\d{0,6})s")
_TOPIC: Final = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]{1,256}", re.ASCII)


class WrongSetting(Exception):
    """One line that names the setting, what is wrong with it and what to write instead."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="COUVERT_", env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    data_dir: Path = Field(Path("couvert-data"), description="Where the database lives; one running service each.")
    transport: str = Field(
        "sandbox",
        description="`sandbox`, `smtp://user:pass@host:port` (`?tls=require` to insist on STARTTLS), `smtps://...` or "
        "`ses://region`.",
        repr=False,
    )
    ses_rate: float = Field(
        14, gt=0, le=100_000, description="Recipients per second while SES does not say how many the account may send."
    )
    aws_endpoint_url: str | None = Field(
        None,
        description="Where to call instead of AWS; if empty, `AWS_ENDPOINT_URL` and the like, as boto3 has it.",
    )
    public_url: str | None = Field(None, description="The address users reach the service at, if it is public.")
    cors_origins: str = Field("http://localhost:4321", description="Origins of browser apps, separated by commas.")
    v1_key_management: Literal["auto", "public", "token"] = Field(
        "auto",
        description="Who may create and delete /v1 keys by /v1: `public`, whoever has a `token` with `api_write`, "
        "or `auto`: public for loopback on the sandbox, else `token`.",
    )
    max_body: int = Field(32_000_000, ge=1_000, description="The longest request body, in bytes.")
    v1_max_body: int = Field(5_000_000, ge=1_000, description="The longest /v1 request body, in bytes.")
    max_in_flight: int = Field(64, ge=1, le=4_096, description="Deliveries begun and undecided at once, per process.")
    max_bytes_in_flight: int = Field(
        256_000_000, ge=1, description="Bytes of messages built and not yet handed over, per process."
    )
    lease_seconds: float = Field(30, ge=1, le=3_600, description="How long a worker that died holds its deliveries.")
    stop_seconds: int = Field(
        8, ge=0, le=3_600, description="How long requests in flight may take once told to stop; then they are cut off."
    )
    unknown_policy: Literal["hold", "resend"] = Field(
        "hold", description="What becomes of a delivery whose outcome nobody saw: hold, or resend once and then hold."
    )
    ses_topics: str = Field(
        "", description="ARNs of the SNS topics that bring SES's notices to `/v2/provider/ses`, separated by commas."
    )
    sns_endpoints: str = Field(
        "", description="Where SNS's certificates may come from besides Amazon, for tests: `http://127.0.0.1:4579`."
    )
    notice_queue_url: str | None = Field(
        None, description="The SQS queue that SES's notices are fetched from: `sqs://name`, or its full URL."
    )
    queue_url: str | None = Field(
        None,
        description="The SQS queue of bulk mail, which is sent from there and published to: `sqs://name`, or its URL.",
    )
    result_queue_url: str | None = Field(
        None, description="The SQS queue that is told what became of each bulk recipient: `sqs://name`, or its URL."
    )
    dead_letter_queue_url: str | None = Field(
        None, description="The SQS queue for bulk messages that no mail can be made of: `sqs://name`, or its URL."
    )
    bounce_mailbox: Path | None = Field(
        None, description="A Maildir whose mails are bounces; what is in `new` is read and moved to `cur`."
    )
    suppress_after_soft_bounces: int = Field(
        3, ge=0, le=1_000, description="Soft bounces in a row after which an address gets no more mail; 0: any number."
    )
    v1_patience_seconds: float = Field(
        10, ge=0, le=600, description="How long a /v1 request waits for its mail's outcome."
    )
    trusted_proxies: str = Field(
        "", description="Addresses or networks of proxies whose `X-Forwarded-For` is believed, separated by commas."
    )
    rate_limit: str = Field(
        "3000/600s", description="Requests of /v2 that a user, or an address without a token, may send per period."
    )
    idempotency_hours: int = Field(
        168, ge=24, le=720, description="How long an `Idempotency-Key` stands for the request that it came with first."
    )
    webhook_allow_http: bool = Field(default=False, description="Whether webhooks may lead to http:// too.")
    webhook_allow_private: bool = Field(
        default=False, description="Whether webhooks may lead into private networks, this machine included."
    )
    webhook_backlog: int = Field(
        100_000, ge=100, description="Messages that may wait for one webhook; of more, the oldest are dropped."
    )
    webhook_retention_days: int = Field(
        30, ge=4, le=3_650, description="How long ended webhook messages and their attempts are kept."
    )
    projection_delay_ms: int = Field(
        0, ge=0, le=60_000, description="How long the read models wait before each batch, for tests of what is late."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least level that is logged."
    )

    @field_validator("public_url", "aws_endpoint_url")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value and not is_address(value):
            raise ValueError("write it as https://mail.example.com")
        return value or None

    @field_validator("notice_queue_url", "queue_url", "result_queue_url", "dead_letter_queue_url")
    @classmethod
    def _is_a_queue_of_its_own(cls, value: str | None, before: ValidationInfo) -> str | None:
        """What is put into one would be taken out as something else: lost, or put there again without end."""
        for name, address in before.data.items():
            if value and address and name.endswith("queue_url") and _is_same_queue(value, str(address)):
                raise ValueError(f"is the queue of COUVERT_{name.upper()} too; each needs one of its own")
        return value or None

    @field_validator("bounce_mailbox", mode="before")
    @classmethod
    def _is_folder(cls, value: object) -> object:
        """Nothing is no folder, rather than the one where couvert was started."""
        return value or None

    @field_validator("ses_topics")
    @classmethod
    def _are_topics(cls, value: str) -> str:
        for topic in listed(value):
            if not _TOPIC.fullmatch(topic):
                raise ValueError(f"{topic!r} is no topic; write its ARN, arn:aws:sns:eu-west-1:123456789012:name")
        return value

    @field_validator("sns_endpoints")
    @classmethod
    def _are_endpoints(cls, value: str) -> str:
        for endpoint in listed(value):
            if urlsplit(endpoint).scheme not in {"http", "https"} or urlsplit(endpoint).path:
                raise ValueError(f"{endpoint!r} is no address; write http://127.0.0.1:4579")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        """Everybody is no proxy: whoever is believed chooses the address that others are limited by."""
        for proxy in filter(None, map(str.strip, value.split(","))):
            try:
                ip_network(proxy)
            except ValueError:
                raise ValueError(f"{proxy!r} is no network; write 10.0.0.5 or 10.0.0.0/24") from None
        return value

    @field_validator("rate_limit")
    @classmethod
    def _is_rate(cls, value: str) -> str:
        parse_rate(value)
        return value

    @property
    def ses_topic_list(self) -> frozenset[str]:
        return listed(self.ses_topics)

    @property
    def sns_endpoint_list(self) -> frozenset[str]:
        return listed(self.sns_endpoints)

    @property
    def rate(self) -> tuple[int, int]:
        """How many requests in how many seconds."""
        return parse_rate(self.rate_limit)

    @property
    def cors_origin_list(self) -> frozenset[str]:
        return frozenset(
            origin.strip().rstrip("/").lower() for origin in self.cors_origins.split(",") if origin.strip()
        )

    @classmethod
    def read(cls, **given: object) -> Self:
        """The settings, those given on the command line first. Raises `WrongSetting`."""
        _refuse_unknown(os.environ)
        try:
            return cls(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
        except ValidationError as error:
            raise WrongSetting("; ".join(map(_sentence, error.errors()))) from None


def is_address(url: str) -> bool:
    """Of a service that is spoken to over HTTP."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port beyond all ports
        return False


def _is_same_queue(one: str, other: str) -> bool:
    """A name, `sqs://mails`, may be that of any URL that ends with it."""
    schemes = {urlsplit(one).scheme, urlsplit(other).scheme}
    is_by_name = "sqs" in schemes and "" not in schemes
    return one == other or (is_by_name and one.rpartition("/")[2] == other.rpartition("/")[2])


def listed(text: str) -> frozenset[str]:
    """What stands between the commas."""
    return frozenset(filter(None, map(str.strip, text.split(","))))


def parse_rate(text: str) -> tuple[int, int]:
    """`3000/600s` as requests and seconds. Raises `ValueError`."""
    found = _RATE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no rate; write requests/seconds such as 3000/600s, both at least 1")
    return int(found[1]), int(found[2])


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    """A misspelt setting, or one of another version, would be obeyed by nobody: mail would land where it should not."""
    known = {name.upper() for name in Settings.model_fields}
    for name in sorted(environment):
        own = name.upper().removeprefix("COUVERT_")
        if name.upper().startswith("COUVERT_") and own not in known:
            near = get_close_matches(own, known, n=1)
            advice = f"do you mean COUVERT_{near[0]}?" if near else "docs/settings.md lists those that are."
            raise WrongSetting(f"{name} is not a setting of this version; {advice}")


def _sentence(fault: object) -> str:
    assert isinstance(fault, dict)
    name = "COUVERT_" + "_".join(map(str, fault["loc"])).upper().removeprefix("COUVERT_")
    return f"{name}: {str(fault['msg']).removeprefix('Value error, ')}"

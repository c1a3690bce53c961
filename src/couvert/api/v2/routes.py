"""All calls of /v2 in one table, and the addresses they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.routing import Route
from starlette.types import ASGIApp

from couvert.api.parts import Parts
from couvert.api.v2.accounts import token_calls, user_calls
from couvert.api.v2.api_keys import api_key_calls
from couvert.api.v2.call import Call
from couvert.api.v2.counting import Counting
from couvert.api.v2.delivery_reads import delivery_read_calls
from couvert.api.v2.door import Door
from couvert.api.v2.event_reads import event_read_calls
from couvert.api.v2.health import health_calls
from couvert.api.v2.mail_reads import mail_read_calls
from couvert.api.v2.mailing import mailing_calls
from couvert.api.v2.once import Once
from couvert.api.v2.provider_notices import provider_notice_calls
from couvert.api.v2.published import published_calls
from couvert.api.v2.specification import encoded
from couvert.api.v2.suppressions import suppression_calls
from couvert.api.v2.visit import Gatehouse
from couvert.api.v2.waiting import Waiting
from couvert.api.v2.webhooks import webhook_calls
from couvert.limits.port import Allowance


def calls(parts: Parts) -> Sequence[Call]:
    """In the order in which the documentation tells them."""
    table: list[Call] = []
    table += [
        *mailing_calls(parts),
        *mail_read_calls(parts),
        *delivery_read_calls(parts),
        *event_read_calls(parts),
        *user_calls(parts),
        *token_calls(parts),
        *api_key_calls(parts),
        *suppression_calls(parts),
        *webhook_calls(parts),
        *provider_notice_calls(parts),
        *health_calls(parts),
        *published_calls(parts, table),
    ]
    return table


def specification(parts: Parts) -> bytes:
    """The OpenAPI document of these calls, as it is served."""
    return encoded(calls(parts))


def gatehouse(parts: Parts) -> Gatehouse:
    counting = Counting(parts.limits, Allowance(*parts.settings.rate))
    return Gatehouse(parts, counting, Waiting(parts.reached_position), Once(parts.idempotency))


def routes(house: Gatehouse, table: Iterable[Call]) -> list[Route]:
    addresses: dict[str, dict[str, Call]] = {}
    for call in table:
        addresses.setdefault(call.path, {})[call.method] = call
    return [Route(path, Door(house, by_method)) for path, by_method in addresses.items()]


def nowhere(house: Gatehouse) -> ASGIApp:
    """For addresses that nobody has."""
    return Door(house, {})

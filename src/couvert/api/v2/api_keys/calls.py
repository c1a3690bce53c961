"""The calls about API keys, as the router, the door and the specification take them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from couvert.api.parts import Parts
from couvert.api.v2.api_keys.handlers import ApiKeys
from couvert.api.v2.api_keys.shapes import (
    ApiKeyAnswer,
    ApiKeysAnswer,
    CreatedApiKeyAnswer,
    CreateKeyBody,
    OriginAnswer,
    OriginBody,
    OriginsAnswer,
    ReplaceKeyBody,
)
from couvert.api.v2.call import Call
from couvert.api.v2.pages import PageQuery

KEY: Final = {"keyId": "The key's id, as lists show it; not the key itself."}
ORIGIN: Final = {**KEY, "originName": "The origin's name, percent-encoded."}

EXAMPLE_BODY: Final[dict[str, Any]] = {
    "name": "Shop",
    "expiresAt": None,
    "origins": ["shop.example.com"],
    "allowedSenders": ["shop@example.com", "example.org"],
    "allowedNetworks": ["192.0.2.0/24"],
    "rateLimit": {"limit": 100, "periodSeconds": 60},
    "dailyQuota": 10_000,
}
EXAMPLE_ORIGIN: Final = {"name": "shop.example.com", "createdAt": "2026-01-31T12:00:00.000Z"}
EXAMPLE_KEY: Final = {
    "keyId": "5d7d4b5e-6a3f-4c58-9d55-3f0f6a1f2b7c",
    **EXAMPLE_BODY,
    "createdAt": "2026-01-31T12:00:00.000Z",
    "origins": [EXAMPLE_ORIGIN],
    "usedToday": 0,
}
EXAMPLE_SECRET: Final = "ak_0123456789abcdef0123456789abcdef01234567"  # noqa: S105 - of nobody


def api_key_calls(parts: Parts) -> Sequence[Call]:
    keys = ApiKeys(parts)
    one = partial(Call, tag="API keys", parameters=KEY)
    return [
        Call(
            method="POST",
            path="/v2/api-keys",
            handle=keys.create,
            summary="Create an API key",
            description="A key for /v1, with whatever restricts it. The key itself is shown in this answer alone.",
            tag="API keys",
            body=CreateKeyBody,
            answer=CreatedApiKeyAnswer,
            status=201,
            example_body=EXAMPLE_BODY,
            example_data={**EXAMPLE_KEY, "apiKey": EXAMPLE_SECRET},
        ),
        Call(
            method="GET",
            path="/v2/api-keys",
            handle=keys.list_all,
            summary="List the API keys",
            description="Oldest first; keys that expired are among them, deleted ones are not.",
            tag="API keys",
            query=PageQuery,
            answer=ApiKeysAnswer,
            list_name="apiKeys",
            example_data={"apiKeys": [EXAMPLE_KEY]},
        ),
        one(
            method="GET",
            path="/v2/api-keys/{keyId}",
            handle=keys.read,
            summary="Read an API key",
            answer=ApiKeyAnswer,
            refusals=("not_found",),
            example_data=EXAMPLE_KEY,
        ),
        one(
            method="PUT",
            path="/v2/api-keys/{keyId}",
            handle=keys.replace,
            summary="Replace an API key",
            description="A restriction that is left out is lifted; origins that are left out stay.",
            body=ReplaceKeyBody,
            answer=ApiKeyAnswer,
            refusals=("not_found",),
            example_body=EXAMPLE_BODY,
            example_data=EXAMPLE_KEY,
        ),
        one(
            method="DELETE",
            path="/v2/api-keys/{keyId}",
            handle=keys.delete,
            summary="Delete an API key",
            description="It stops working with the next request.",
            refusals=("not_found",),
        ),
        one(
            method="GET",
            path="/v2/api-keys/{keyId}/origins",
            handle=keys.list_origins,
            summary="List the origins of an API key",
            query=PageQuery,
            answer=OriginsAnswer,
            list_name="origins",
            refusals=("not_found",),
            example_data={"origins": [EXAMPLE_ORIGIN]},
        ),
        one(
            method="POST",
            path="/v2/api-keys/{keyId}/origins",
            handle=keys.add_origin,
            summary="Add an origin to an API key",
            description="One that is there already stays as it is.",
            body=OriginBody,
            answer=OriginAnswer,
            status=201,
            refusals=("not_found",),
            example_body={"name": "shop.example.com"},
            example_data=EXAMPLE_ORIGIN,
        ),
        one(
            method="DELETE",
            path="/v2/api-keys/{keyId}/origins/{originName}",
            handle=keys.remove_origin,
            summary="Remove an origin from an API key",
            parameters=ORIGIN,
            refusals=("not_found",),
        ),
    ]

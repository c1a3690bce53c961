"""The calls about API tokens, as the router, the door and the specification take them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from couvert.api.parts import Parts
from couvert.api.v2.accounts.shapes import (
    CreatedTokenAnswer,
    CreateTokenBody,
    EditTokenBody,
    TokenAnswer,
    TokensAnswer,
)
from couvert.api.v2.accounts.tokens import TokenHandlers
from couvert.api.v2.call import Call
from couvert.api.v2.pages import PageQuery

TOKENS: Final = "/v2/users/self/api-tokens"
TOKEN: Final = {"apiTokenId": "The token's id, as lists show it; not the token itself."}
EXAMPLE_BODY: Final = {"description": "Build server", "expiresAt": "2027-01-31T12:00:00.000Z", "roles": ["api_read"]}
EXAMPLE_TOKEN: Final = {
    "apiTokenId": "3b1d0a52-6c2e-4e0f-9a44-0c6d1f2e7a90",
    **EXAMPLE_BODY,
    "createdAt": "2026-01-31T12:00:00.000Z",
    "lastUsedAt": None,
}
EXAMPLE_SECRET: Final = "cvt_0000000000000000000000000000002C8GjS"  # noqa: S105 - of nobody


def token_calls(parts: Parts) -> Sequence[Call]:
    tokens = TokenHandlers(parts)
    call = partial(Call, tag="Tokens")
    one = partial(call, path=TOKENS + "/{apiTokenId}", parameters=TOKEN, refusals=("not_found",))
    return [
        call(
            method="POST",
            path=TOKENS,
            handle=tokens.create,
            summary="Create an API token",
            description="With no role that the token lacks which asks for it; a readonly user's cannot have "
            "`api_write`. The token itself is shown in this answer alone.",
            body=CreateTokenBody,
            answer=CreatedTokenAnswer,
            status=201,
            example_body=EXAMPLE_BODY,
            example_data={"token": EXAMPLE_SECRET, "apiTokenId": EXAMPLE_TOKEN["apiTokenId"]},
        ),
        call(
            method="GET",
            path=TOKENS,
            handle=tokens.list_own,
            summary="List one's API tokens",
            description="Oldest first; those that expired are among them, revoked ones are not.",
            query=PageQuery,
            answer=TokensAnswer,
            list_name="apiTokens",
            example_data={"apiTokens": [EXAMPLE_TOKEN]},
        ),
        one(
            method="GET",
            handle=tokens.read,
            summary="Read an API token",
            answer=TokenAnswer,
            example_data=EXAMPLE_TOKEN,
        ),
        one(
            method="PUT",
            handle=tokens.edit,
            summary="Describe an API token anew, or change when it expires",
            body=EditTokenBody,
            answer=TokenAnswer,
            example_body={"description": "Build server", "expiresAt": "2027-01-31T12:00:00.000Z"},
            example_data=EXAMPLE_TOKEN,
        ),
        one(
            method="DELETE",
            handle=tokens.revoke,
            summary="Revoke an API token",
            description="It writes nothing from now on, and reads nothing after a second.",
        ),
    ]

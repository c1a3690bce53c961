"""A call of the platform API: one row of the table that the router, the door and the specification are made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel
from starlette.responses import Response

from couvert.api.v2.asked import Answer, Asked
from couvert.domain.token import TokenRole

Method = Literal["GET", "POST", "PUT", "DELETE"]
Handler = Callable[[Asked], Awaitable[Answer | Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    method: Method
    path: str
    """With `{camelCase}` for what varies."""
    handle: Handler
    summary: str
    """One line, in the imperative."""
    description: str = ""
    tag: str
    body: type[BaseModel] | None = None
    text_body: str | None = None
    """The media type of a body that is text and no JSON; it is not repeated in `params`."""
    longest_body: int | None = None
    """In bytes, where it is less than the setting allows: an open call need not take what its callers never send."""
    query: type[BaseModel] | None = None
    answer: Any = None
    """The TypedDict of `data`; None for `{}`, or for what is no JSON of ours."""
    media_types: tuple[str, ...] = ("application/json",)
    """What it answers with; where it is not JSON alone, `handle` makes the response."""
    list_name: str | None = None
    """The one member of `data` that a bare answer consists of."""
    status: int = 200
    refusals: tuple[str, ...] = ()
    """Codes that this call refuses with, beyond those that any call may."""
    is_raw: bool = False
    """Its JSON is neither in the envelope nor bare; `handle` makes the response."""
    is_open: bool = False
    """Nobody needs a token for it, and nobody's requests are counted."""
    is_for_admins: bool = False
    is_guarded: bool = False
    """A write whose command commits only if the caller's token still stands as it was read (`Caller.guard`): so it may
    have been read a moment ago, which spares the store two questions.
    """
    reads_only: bool = False
    """A POST that changes nothing: a token that may read may call it."""
    hidden: frozenset[str] = frozenset()
    """Members of the body that are not repeated in `params`: templates, attachments, secrets."""
    example_body: Mapping[str, Any] | None = None
    example_text: str | None = None
    """Of a body that is text."""
    example_data: Mapping[str, Any] | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What each part of the path in braces is."""

    @property
    def has_body(self) -> bool:
        return self.body is not None or self.text_body is not None

    @property
    def role(self) -> TokenRole:
        return "api_read" if self.method == "GET" or self.reads_only else "api_write"

"""The first page: who is signed in, and their API tokens, to be made and revoked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from starlette.responses import Response

from couvert.console.layout import fault, page
from couvert.console.markup import Markup, fill, join
from couvert.console.refusals import NotSignedIn
from couvert.console.visit import Visit, redirect
from couvert.domain.refusals import RuleBroken
from couvert.domain.token import EVERY_ROLE, in_order
from couvert.domain.user import Role, User
from couvert.store.accounts import StoredToken

_BODY: Final = """<header>
<p>{name} · {role}</p>
<form method="post" action="/console/logout">{token}<button>Sign out</button></form>
</header>
<h1>API tokens</h1>
<p>With one of these a program calls <a href="/v2/docs">/v2</a> in your name.</p>
{shown}
{fault}
<table>
<thead><tr><th>What for</th><th>Roles</th><th>Expires</th><th>Last used</th><th></th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
<h2>New token</h2>
<form method="post" action="/console/tokens">
{token}
<label>What for <input name="description" value="{description}" maxlength="200"></label>
<p>{roles}</p>
<label>Expires on (UTC; empty: never) <input type="date" name="expires" value="{expires}"></label>
<button>Create</button>
</form>"""
_ROW: Final = """<tr><td>{description}</td><td>{roles}</td><td>{expires}</td><td>{used}</td><td>
<form method="post" action="/console/tokens/{token_id}/revoke">{token}<button>Revoke</button></form></td></tr>"""
_ROLE: Final = '<label class="inline"><input type="checkbox" name="role" value="{role}"> {role}</label>'
_SHOWN: Final = """<div class="secret" role="status"><p>Your new token. It is shown this once:</p>
<p><code>{secret}</code></p></div>"""


async def show(visit: Visit) -> Response:
    return await _page(visit, _user(visit))


async def create(visit: Visit) -> Response:
    """The answer itself shows the token: nothing that is kept anywhere could show it later."""
    user = _user(visit)
    try:
        created = await visit.parts.accounts.tokens.create(
            user.id,
            description=visit.field("description"),
            roles=in_order(visit.form.get("role", [])),
            expires_at=_midnight(visit.field("expires")),
        )
    except RuleBroken as wrong:
        return await _page(visit, user, wrong=wrong.message, status=400)
    return await _page(visit, user, shown=fill(_SHOWN, secret=created.secret))


async def revoke(visit: Visit) -> Response:
    await visit.parts.accounts.tokens.revoke(_user(visit).id, visit.request.path_params["token_id"])
    return redirect("/console/")


def _user(visit: Visit) -> User:
    if visit.user is None:
        raise NotSignedIn("Sign in first.")
    return visit.user


async def _page(
    visit: Visit, user: User, *, wrong: str | None = None, shown: Markup | None = None, status: int = 200
) -> Response:
    allowed = EVERY_ROLE[:1] if user.role is Role.READONLY else EVERY_ROLE
    body = fill(
        _BODY,
        name=" ".join(filter(None, user.person)) or user.email,
        role=user.role.value,
        token=visit.token,
        shown=shown or Markup(),
        fault=fault(wrong),
        rows=_rows(visit, await visit.parts.accounts.tokens.of(user.id)),
        roles=join(fill(_ROLE, role=role) for role in allowed),
        description=visit.field("description") if wrong else "",
        expires=visit.field("expires") if wrong else "",
    )
    return page("API tokens", body, status)


def _rows(visit: Visit, tokens: Iterable[StoredToken]) -> Markup:
    return join(
        fill(
            _ROW,
            description=stored.token.description or "-",
            roles=", ".join(stored.token.roles),
            expires=_shown(stored.token.expires_at, "never"),
            used=_shown(stored.last_used_at, "never"),
            token_id=stored.token.token_id,
            token=visit.token,
        )
        for stored in tokens
    )


def _shown(ms: int | None, otherwise: str) -> str:
    return otherwise if ms is None else datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def _midnight(day: str) -> int | None:
    """When the day begins, in milliseconds since 1970."""
    if not day:
        return None
    try:
        return int(datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        raise RuleBroken("Write the day it expires on as 2027-01-31.") from None

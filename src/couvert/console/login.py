"""Signing in with address and password, and out again."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from couvert.console.guesses import guarded
from couvert.console.layout import fault, page
from couvert.console.markup import fill
from couvert.console.visit import SESSION, Visit, redirect
from couvert.domain.refusals import Unauthenticated

_BODY: Final = """<h1>Sign in</h1>
{fault}
<form method="post" action="/console/login">
{token}
<label>E-mail <input type="email" name="email" value="{email}" autocomplete="username" required></label>
<label>Password <input type="password" name="password" autocomplete="current-password" required></label>
<button>Sign in</button>
</form>
<p>No password yet? The first admin's link was printed when the service started; anybody else's is printed on the
server by <code>couvert user link</code>.</p>"""


async def show(visit: Visit) -> Response:
    return redirect("/console/") if visit.user else _page(visit, None)


async def sign_in(visit: Visit) -> Response:
    try:
        async with guarded(visit):
            signed_in = await visit.parts.accounts.sessions.sign_in(visit.field("email"), visit.field("password"))
    except Unauthenticated as refusal:
        return _page(visit, refusal.message, 401)
    return visit.signed_in(signed_in.secret)


async def sign_out(visit: Visit) -> Response:
    secret = visit.request.cookies.get(SESSION)
    if secret:
        await visit.parts.accounts.sessions.sign_out(secret)
    return visit.signed_out()


def _page(visit: Visit, wrong: str | None, status: int = 200) -> Response:
    body = fill(_BODY, fault=fault(wrong), token=visit.token, email=visit.field("email"))
    return page("Sign in", body, status)

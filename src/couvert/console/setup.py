"""Where a set-up link leads: the first admin says who they are, everybody else chooses a password."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from couvert.commands.passwords import SHORTEST
from couvert.console.guesses import guarded
from couvert.console.layout import fault, page
from couvert.console.markup import Markup, fill
from couvert.console.visit import Visit
from couvert.domain.refusals import RuleBroken
from couvert.domain.user import Person, User

_FIRST: Final = """<p>You are the first: the account that you make here is an admin's.</p>
<label>First name <input name="first_name" value="{first_name}" autocomplete="given-name"></label>
<label>Last name <input name="last_name" value="{last_name}" autocomplete="family-name"></label>
<label>E-mail <input type="email" name="email" value="{email}" autocomplete="username" required></label>"""
_OTHER: Final = """<p>Choose the password of {email}.</p>
<input type="hidden" autocomplete="username" value="{email}">"""
_BODY: Final = """<h1>Set up couvert</h1>
{fault}
<form method="post" action="/console/setup">
{token}
<input type="hidden" name="code" value="{code}">
{who}
<label>Password
<input type="password" name="password" minlength="{shortest}" autocomplete="new-password" required></label>
<p>At least {shortest} characters.</p>
<button>Continue</button>
</form>"""


async def show(visit: Visit) -> Response:
    code = visit.request.query_params.get("code", "")
    return _page(visit, code, await _whose(visit, code), None)


async def use(visit: Visit) -> Response:
    """And sign in."""
    code, accounts = visit.field("code"), visit.parts.accounts
    owner = await _whose(visit, code)
    person = Person(visit.field("first_name").strip(), visit.field("last_name").strip())
    try:
        user = await accounts.set_up.use(
            code, email=visit.field("email"), person=person, password=visit.field("password")
        )
    except RuleBroken as wrong:
        return _page(visit, code, owner, wrong.message, 400)
    stored = await visit.parts.store.user(user)
    assert stored is not None
    return visit.signed_in((await accounts.sessions.begin(stored)).secret)


async def _whose(visit: Visit, code: str) -> User | None:
    async with guarded(visit):
        return await visit.parts.accounts.set_up.whose(code)


def _page(visit: Visit, code: str, owner: User | None, wrong: str | None, status: int = 200) -> Response:
    body = fill(_BODY, fault=fault(wrong), token=visit.token, code=code, who=_who(visit, owner), shortest=SHORTEST)
    return page("Set up", body, status)


def _who(visit: Visit, owner: User | None) -> Markup:
    if owner is not None:
        return fill(_OTHER, email=owner.email)
    asked = {name: visit.field(name) for name in ("first_name", "last_name", "email")}
    return fill(_FIRST, **asked)

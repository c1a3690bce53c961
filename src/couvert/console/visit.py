"""One request of a browser: who is signed in, what the form says, and whether it is a form of ours."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from couvert.commands.secret_words import new_code
from couvert.commands.sessions import GOOD_FOR_MS
from couvert.console.layout import HEADERS
from couvert.console.markup import Markup, fill
from couvert.console.parts import Parts
from couvert.console.refusals import FormTooLong, NotOurForm
from couvert.domain.user import User

SESSION: Final = "couvert_session"
STRANGER: Final = "couvert_form"
"""Of a browser that is not signed in: its forms are bound to it all the same."""
PATH: Final = "/console"
LONGEST_FORM: Final = 32_000
MOST_FIELDS: Final = 20


@dataclass(slots=True)
class Visit:
    parts: Parts
    request: Request
    user: User | None
    secret: str
    """The cookie that forms are bound to."""
    form: Mapping[str, Sequence[str]]

    @property
    def address(self) -> str:
        return self.request.client.host if self.request.client else ""

    def field(self, name: str) -> str:
        return self.form.get(name, [""])[0]

    @property
    def token(self) -> Markup:
        """The hidden field that each form of ours has."""
        return fill('<input type="hidden" name="csrf" value="{csrf}">', csrf=csrf_of(self.secret))

    def signed_in(self, secret: str) -> Response:
        response = redirect("/console/")
        self._set(response, SESSION, secret, GOOD_FOR_MS // 1000)
        response.delete_cookie(STRANGER, path=PATH)
        return response

    def signed_out(self) -> Response:
        response = redirect("/console/login")
        response.delete_cookie(SESSION, path=PATH)
        return response

    def bind(self, response: Response) -> None:
        """Remember the browser that was given a form, if it is a stranger."""
        if self.request.method in {"GET", "HEAD"} and not {SESSION, STRANGER} & self.request.cookies.keys():
            self._set(response, STRANGER, self.secret, None)

    def _set(self, response: Response, name: str, value: str, seconds: int | None) -> None:
        response.set_cookie(
            name, value, max_age=seconds, path=PATH, httponly=True, samesite="lax", secure=self.parts.is_https
        )


async def visit_of(parts: Parts, request: Request) -> Visit:
    """Raises `NotOurForm`, for whatever is posted from elsewhere, and `FormTooLong`."""
    session = request.cookies.get(SESSION)
    secret = session or request.cookies.get(STRANGER) or ""
    form: Mapping[str, Sequence[str]] = {}
    if request.method == "POST":
        form = await _form(request)
        _check(secret, form.get("csrf", [""])[0])
    user = await parts.accounts.sessions.user_of(session) if session else None
    return Visit(parts, request, user, secret or new_code(), form)


def csrf_of(secret: str) -> str:
    """Known to our pages in this browser alone; it tells nothing of the cookie."""
    return hmac.new(secret.encode(errors="surrogatepass"), b"csrf", sha256).hexdigest()


def redirect(to: str) -> Response:
    """After a form, so that reloading the page sends nothing again."""
    return RedirectResponse(to, 303, HEADERS)


def _check(secret: str, csrf: str) -> None:
    is_ours = bool(secret) and hmac.compare_digest(csrf_of(secret).encode(), csrf.encode(errors="replace"))
    if not is_ours:
        raise NotOurForm("This form is out of date. Go back, load the page again, and send it once more.")


async def _form(request: Request) -> Mapping[str, Sequence[str]]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FORM:
            raise FormTooLong("This form is longer than any of ours.")
    try:
        return parse_qs(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise FormTooLong("This form has more fields than any of ours.") from None

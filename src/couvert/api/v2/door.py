"""What every request of /v2 passes: syntax, wait, authenticate, count, execute; and one place that answers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from couvert.api.body import lingering, read_json, read_text
from couvert.api.refusals import BodyTooLarge
from couvert.api.request_ids import request_id_of
from couvert.api.v2 import errors, inputs
from couvert.api.v2.asked import Answer, Asked
from couvert.api.v2.call import Call
from couvert.api.v2.counting import EXEMPT, VARY, standing_headers
from couvert.api.v2.forms import form_for
from couvert.api.v2.headers import wishes
from couvert.api.v2.large_bodies import LARGE, read_aside
from couvert.api.v2.refusals import EventNotReached, NoSuchCall
from couvert.api.v2.visit import Gatehouse, Visit
from couvert.commands.callers import Caller
from couvert.domain.refusals import AccessDenied, Conflict, MissingRole, RateLimited, Refusal, Unauthenticated

log = structlog.get_logger()


class Door:
    """One address: its calls by method. None for an address that nobody has."""

    def __init__(self, house: Gatehouse, calls: Mapping[str, Call]) -> None:
        self._house = house
        self._calls = dict(calls)
        if "GET" in calls:
            self._calls["HEAD"] = calls["GET"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        visit = Visit(request, form_for(request.headers), request.client.host if request.client else "")
        call = self._calls.get(request.method)
        try:
            response = await self._answer(visit, call)
        except BodyTooLarge as refusal:
            send = lingering(receive, send)
            response = self._refused(visit, refusal)
        except Refusal as refusal:
            response = self._refused(visit, await self._counted(visit, call, refusal))
        except ClientDisconnect:
            return
        except Exception:
            log.exception("request.crashed", method=request.method, route=call.path if call else None)
            response = visit.form.failure(errors.CRASH, request_id=request_id_of(scope))
        await self._mark(visit, call, response)
        await response(scope, receive, send)

    # --- In this order ------------------------------------------------------------------------------------------------

    async def _answer(self, visit: Visit, call: Call | None) -> Response:
        visit.wishes = wishes(visit.request.headers)
        if call is not None and call.is_open:
            await self._wait_openly(visit)
            return await self._execute(visit, call, None)
        if call is not None and visit.wishes.secret is None:
            raise Unauthenticated("Send an API token as X-Access-Token, or as Authorization: Bearer.")
        await self._wait(visit)
        is_read = visit.request.method in {"GET", "HEAD"} or (call is not None and call.is_guarded)
        await self._authenticate(visit, is_certain=visit.wishes.event > 0 or not is_read)
        await self._count(visit)
        if call is None:
            raise NoSuchCall("There is nothing at this address.")
        assert visit.caller is not None
        _check_rights(visit.caller, call)
        try:
            return await self._execute(visit, call, visit.caller)
        except Conflict:
            if not call.is_guarded:
                raise
        # Perhaps the token is not what it was: whose it is now decides.
        await self._authenticate(visit, is_certain=True)
        _check_rights(visit.caller, call)
        return await self._execute(visit, call, visit.caller)

    async def _wait(self, visit: Visit) -> None:
        """Before anything is looked up, so that nothing is refused for staleness; nobody waits who has no token."""
        secret, event, _ = visit.wishes
        if not event or secret is None:
            return
        await self._house.counting.check_failures(visit.address)
        await self._reach(visit, secret, event)

    async def _wait_openly(self, visit: Visit) -> None:
        """Where nobody needs a token, those who have none wait among the strangers."""
        secret, event, _ = visit.wishes
        if event:
            await self._reach(visit, secret, event)

    async def _reach(self, visit: Visit, secret: str | None, event: int) -> None:
        is_known = secret is not None and self._house.parts.callers.knows(secret)
        with nullcontext() if is_known else self._house.waiting.stranger(visit.address):
            if not await self._house.waiting.reached(event):
                raise EventNotReached("The event was not reached in time; nothing was done. Ask again.")

    async def _authenticate(self, visit: Visit, *, is_certain: bool) -> None:
        """What asks for an event, or writes without a guard, is not let in by what was so a moment ago."""
        secret = visit.wishes.secret
        if secret is None:
            return
        await self._house.counting.check_failures(visit.address)
        try:
            visit.caller = await self._house.parts.callers.find(secret, fresh=is_certain)
        except Refusal as refusal:
            if errors.POLICY[refusal.code].status == 401:
                await self._house.counting.failed(visit.address)
            raise

    async def _count(self, visit: Visit) -> None:
        visit.standing = await self._house.counting.count(visit.caller, visit.address)
        self._house.counting.check(visit.standing)

    async def _counted(self, visit: Visit, call: Call | None, refusal: Refusal) -> Refusal:
        """Who is refused before they were counted is counted by the address, and beyond its limit told to wait."""
        if visit.standing is not None or (call is not None and call.is_open):
            return refusal
        try:
            await self._count(visit)
        except RateLimited as limited:
            return refusal if isinstance(refusal, RateLimited) else limited
        return refusal

    async def _execute(self, visit: Visit, call: Call, caller: Caller | None) -> Response:
        asked = Asked(visit.request, visit.request.path_params, caller)
        visit.params = dict(asked.path)
        if call.query is not None:
            asked.query = inputs.query_of(call.query, visit.request.query_params)
            visit.params |= inputs.echo(asked.query, frozenset())
        raw = b""
        if call.body is not None:
            raw = visit.raw = visit.raw or await read_json(visit.request, limit=self._house.parts.settings.max_body)
            asked.is_large = len(raw) > LARGE
            read = partial(inputs.body_of, call.body, raw)
            asked.body = await read_aside(read) if asked.is_large else read()
            if len(raw) <= inputs.LONGEST_ECHO:
                visit.params |= inputs.echo(asked.body, call.hidden)
        elif call.text_body is not None:
            limit = call.longest_body or self._house.parts.settings.max_body
            raw = visit.raw = visit.raw or await read_text(visit.request, call.text_body, limit=limit)
            asked.is_large = len(raw) > LARGE
            asked.body = inputs.text_of(raw)
        return self._written(visit, call, await self._house.once.handled(call, asked, visit.wishes.key, raw))

    # --- What is answered ---------------------------------------------------------------------------------------------

    def _written(self, visit: Visit, call: Call, answer: Answer | Response) -> Response:
        if isinstance(answer, Response):
            return answer
        response = visit.form.success(call, answer, request_id=request_id_of(visit.request.scope), params=visit.params)
        if answer.etag is not None:
            response.raw_headers.append((b"etag", str(answer.etag).encode()))
        return response

    def _refused(self, visit: Visit, refusal: Refusal) -> Response:
        failure = errors.failure(refusal)
        if failure.status >= 500:
            # The store's own words name what it runs on: they are for the log alone.
            log.warning("request.unavailable", trouble=refusal.message)
        response = visit.form.failure(failure, request_id=request_id_of(visit.request.scope))
        if "expect" in visit.request.headers:
            # Who waits for a go-ahead with the body will not send it now (RFC 9110, 10.1.1).
            response.headers["Connection"] = "close"
        return response

    async def _mark(self, visit: Visit, call: Call | None, response: Response) -> None:
        """What stands on every answer, whatever went wrong before."""
        # Appended as they are: none of them is there yet, and to look for each takes as long as all else in here.
        response.raw_headers.append(VARY)
        if call is not None and call.is_open:
            response.raw_headers.append(EXEMPT)
            return
        if visit.standing is None:
            visit.standing = await self._house.counting.count(visit.caller, visit.address)
        response.raw_headers += standing_headers(visit.standing)


def _check_rights(caller: Caller, call: Call) -> None:
    if call.role not in caller.roles:
        raise MissingRole(f"This takes a token with the role {call.role}.")
    if call.is_for_admins and not caller.is_admin:
        raise AccessDenied("Only an admin may do this.")

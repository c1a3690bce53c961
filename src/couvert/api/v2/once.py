"""With an Idempotency-Key: the first request does it, the others get its answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from starlette.datastructures import URL
from starlette.responses import Response

from couvert.api.v2.asked import Answer, Asked
from couvert.api.v2.call import Call
from couvert.api.v2.large_bodies import read_aside
from couvert.api.v2.replays import Kept
from couvert.commands.callers import Caller
from couvert.commands.claims import Claim
from couvert.commands.idempotency import IdempotencyKeys, claim_of
from couvert.domain.refusals import Conflict
from couvert.store.rows import Idempotency


@dataclass(frozen=True, slots=True)
class Once:
    keys: IdempotencyKeys

    async def handled(self, call: Call, asked: Asked, key: str | None, raw: bytes) -> Answer | Response:
        """Raises what the handler does, `IdempotencyKeyReused` and `IdempotencyInProgress`."""
        if key is None or call.method != "POST" or asked.caller_or_none is None:
            return await call.handle(asked)
        claiming = partial(_claim, asked.caller, asked.request.url, key, raw)
        asked.claim = claim = await read_aside(claiming) if asked.is_large else claiming()
        with self.keys.running(claim):
            earlier = await self.keys.earlier(claim)
            if earlier is not None:
                return _replay(call, earlier)
            try:
                return await self._first(call, asked)
            except Conflict:
                # Another process was first with the same key, a moment ago; or it was another conflict.
                earlier = await self.keys.earlier(claim)
                if earlier is None:
                    raise
                return _replay(call, earlier)

    async def _first(self, call: Call, asked: Asked) -> Answer | Response:
        answer = await call.handle(asked)
        if not asked.is_claimed and asked.claim is not None and isinstance(answer, Answer):
            # It kept nothing that its key could have been kept with.
            await self.keys.keep(asked.claim, Kept(answer.status or call.status, answer.data).encoded())
        return answer


def _claim(caller: Caller, url: URL, key: str, raw: bytes) -> Claim:
    body = url.query.encode() + b"\n" + raw
    return claim_of(who=f"v2 user {caller.user}", method="POST", path=url.path, key=key, body=body)


def _replay(call: Call, earlier: Idempotency) -> Answer:
    """Raises nothing: a key without an answer is one of /v1's, whose scope is another."""
    assert earlier.answer is not None
    kept = Kept.decoded(earlier.answer)
    etag = None if call.reads_only else earlier.position
    return Answer(kept.data, etag=etag, status=kept.status, headers={"Idempotent-Replayed": "true"})

"""What couvert refuses is an exception with a code; only the edges know what HTTP or the command line makes of it.

Refusal
├── Unauthorized            who asks is not known, or may not
├── Unauthenticated         no valid API token, or wrong address or password
│   ├── TokenExpired        it was one
│   └── TokenRevoked        it was one, until somebody decided otherwise
├── AccessDenied            who asks is known, and may not
├── MissingRole             the user may, the token may not
├── NotFromProvider         a notice that nobody signed who may, or too long ago
├── NotFound                the thing asked for does not exist
├── Conflict                somebody else changed it first
├── AlreadySuppressed       the address is; says by which suppression
├── NothingToStop           all of it was begun, or has ended, before the request came
├── NothingToDecide         no decision is open, or none is possible any more
├── RuleBroken              well-formed, and against a rule of the product
├── RateLimited             asked too often; says when to ask again
│   └── QuotaExceeded       sent to as many as it may in this day
├── BadCursor               no cursor of ours, or one of another list
├── IdempotencyKeyReused    the key stands for another request
├── IdempotencyInProgress   the first request with this key has no answer yet
└── Unavailable             the store cannot commit now; says whether the change may have been kept
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Refusal(Exception):
    """A request that changes nothing; its text is written for whoever sent it."""

    code = "refused"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Unauthorized(Refusal):
    code = "unauthorized"


class Unauthenticated(Refusal):
    code = "unauthenticated"


class TokenExpired(Unauthenticated):
    code = "token_expired"


class TokenRevoked(Unauthenticated):
    code = "token_revoked"


class AccessDenied(Refusal):
    code = "access_denied"


class MissingRole(Refusal):
    code = "missing_role"


class NotFromProvider(Refusal):
    code = "not_from_provider"


class NotFound(Refusal):
    code = "not_found"


class Conflict(Refusal):
    code = "conflict"


class AlreadySuppressed(Refusal):
    code = "conflict"


class NothingToStop(Refusal):
    code = "conflict"


class NothingToDecide(Refusal):
    code = "conflict"


class Fault(NamedTuple):
    """One thing that is wrong with a request."""

    path: str
    """Where, in the words of the domain: `recipients.0.name`, `html_template`."""
    words: str
    """The rest of a sentence that begins with the path."""


class RuleBroken(Refusal):
    code = "rule_broken"

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = faults
        """All that is wrong, if it has places."""


def refuse(faults: Sequence[Fault]) -> None:
    """`RuleBroken` with all of them, unless there are none."""
    if faults:
        raise RuleBroken(" ".join(f"{path} {words}" for path, words in faults), faults)


class RateLimited(Refusal):
    code = "rate_limit"

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class QuotaExceeded(RateLimited):
    code = "quota_exceeded"


class BadCursor(Refusal):
    code = "bad_cursor"


class IdempotencyKeyReused(Refusal):
    code = "idempotency_key_reused"


class IdempotencyInProgress(Refusal):
    code = "idempotency_in_progress"


class Unavailable(Refusal):
    code = "unavailable"

    def __init__(self, message: str, *, may_be_kept: bool = False) -> None:
        super().__init__(message)
        self.may_be_kept = may_be_kept
        """True if a commit was under way whose end nobody saw."""

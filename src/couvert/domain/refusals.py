"""What couvert refuses is an exception with a code; only the edges know what HTTP or the command line makes of it.

Refusal
├── Unauthorized            who asks is not known, or may not
├── Unauthenticated         no valid API token, or wrong address or password
│   ├── TokenExpired        it was one
│   └── TokenRevoked        it was one, until somebody decided otherwise
├── AccessDenied            who asks is known, and may not
├── MissingRole             the user may, the token may not
├── NotFound                the thing asked for does not exist
├── Conflict                somebody else changed it first
├── RuleBroken              well-formed, and against a rule of the product
├── RateLimited             asked too often; says when to ask again
│   └── QuotaExceeded       sent to as many as it may in this day
├── IdempotencyKeyReused    the key stands for another request
├── IdempotencyInProgress   the first request with this key has no answer yet
└── Unavailable             the store cannot commit now; says whether the change may have been kept
"""

from __future__ import annotations


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


class NotFound(Refusal):
    code = "not_found"


class Conflict(Refusal):
    code = "conflict"


class RuleBroken(Refusal):
    code = "rule_broken"


class RateLimited(Refusal):
    code = "rate_limit"

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class QuotaExceeded(RateLimited):
    code = "quota_exceeded"


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

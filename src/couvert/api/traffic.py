"""What came in, counted for whoever watches: by route and status, never by anything that a client makes up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from starlette.types import Scope

from couvert.commands.accept import Accepted
from couvert.tallies import Histogram, Tally

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
STARTED: Final = "couvert.started"
"""In the scope of a request: when it came in, by `perf_counter`."""
MAIL: Final = "couvert.mail"
"""The id of the mail that it sent, the first of them."""
TOO_MANY: Final = 429
VERSIONS: Final = frozenset({"v1", "v2"})


@dataclass(slots=True)
class Traffic:
    requests: Tally = field(default_factory=Tally)
    """By method, route and class of status."""
    rate_limited: Tally = field(default_factory=lambda: Tally({("v1",): 0, ("v2",): 0, ("console",): 0}))
    """By door."""
    v1_accepted: Histogram = field(default_factory=Histogram)
    """Seconds from a request's arrival until its mail was committed."""
    v2_accepted: Histogram = field(default_factory=Histogram)

    def ended(self, method: str, route: str | None, status: int | None) -> None:
        """`route` is a template, None if none was met; no status: nobody was there to hear it."""
        answered = f"{status // 100}xx" if status else "none"
        self.requests[method if method in METHODS else "other", route or "none", answered] += 1
        if status == TOO_MANY and route is not None:
            door = route.split("/", 2)[1]
            self.rate_limited[door if door in VERSIONS else "console",] += 1

    def accepted_by_v1(self, scope: Scope, accepted: Accepted) -> None:
        self.v1_accepted.observe(accepted.kept_at - scope[STARTED])
        scope[MAIL] = accepted.mail_id

    def accepted_by_v2(self, scope: Scope, accepted: Accepted) -> None:
        self.v2_accepted.observe(accepted.kept_at - scope[STARTED])
        scope[MAIL] = accepted.mail_id

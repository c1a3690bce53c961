"""What a list of mails is narrowed down to; everything that is given must hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from typing import Final

from couvert.domain.delivery import State
from couvert.domain.ids import EPOCH_MS, NODE_BITS, SEQUENCE_BITS
from couvert.readmodels.folds import Status
from couvert.readmodels.marks import Kind, Marker

_END: Final = (1 << 63) - 1
_LATEST_MS: Final = EPOCH_MS + (1 << 41) - 1


@dataclass(frozen=True, slots=True)
class MailFilter:
    status: Status | None = None
    state: State | None = None
    """Of at least one delivery."""
    recipient: str | None = None
    """An address as it is kept."""
    email_id: str | None = None
    client_env_id: str | None = None
    project_id: str | None = None
    closure_id: str | None = None
    tags: tuple[str, ...] = field(default=())
    """All of them."""
    text: str | None = None
    """Beginnings of words of the subject."""
    since: int | None = None
    """The earliest time of creation, in milliseconds since 1970."""
    before: int | None = None
    """Created earlier than this."""

    @property
    def name(self) -> str:
        """The same for the same filter, another for any other."""
        return f"mails {astuple(self)!r}"

    @property
    def ids(self) -> tuple[int, int]:
        """The first id that may be on the list, and the first that may no more: ids are in time order."""
        first = 0 if self.since is None else _first_id_at(self.since)
        return first, _END if self.before is None else _first_id_at(self.before)

    def marks(self, marker: Marker) -> str | None:
        """What a mail must bear; None if anything will do."""
        return " ".join(self._marks(marker)) or None

    def _marks(self, marker: Marker) -> Iterator[str]:
        given: list[tuple[Kind, str | None]] = [
            ("recipient", self.recipient),
            ("email_id", self.email_id),
            ("client_env_id", self.client_env_id),
            ("project_id", self.project_id),
            ("closure_id", self.closure_id),
            *(("tag", tag) for tag in self.tags),
        ]
        yield from (marker.mark(kind, value) for kind, value in given if value is not None)
        yield from marker.search(self.text or "")


def _first_id_at(ms: int) -> int:
    return (min(max(ms, EPOCH_MS), _LATEST_MS) - EPOCH_MS) << (NODE_BITS + SEQUENCE_BITS)

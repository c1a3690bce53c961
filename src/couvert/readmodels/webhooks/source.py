"""What the log holds for webhooks: who wants to be told, of which events, and what each of them says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self, cast

import msgspec

from couvert.domain import suppression as rules
from couvert.domain.mail import MailAccepted, References
from couvert.domain.suppression import SuppressionEvent
from couvert.domain.webhook import Terms, Webhook, is_choosy, matching, wants_mail
from couvert.readmodels.connections import open_read_only, snapshot
from couvert.readmodels.event_views import TYPES, unversioned
from couvert.readmodels.fetch import listed
from couvert.readmodels.folds import Heard, accepted_mail, born_delivery, followed, is_delivery_event
from couvert.readmodels.log import START, Mark
from couvert.readmodels.webhooks.told import Told, ToldOfMail, ToldOfSuppression
from couvert.store import codec
from couvert.store.log import Position
from couvert.store.sqlite.rows import recipient_of
from couvert.store.sqlite.store import FILE
from couvert.store.sqlite.webhook_rows import webhook_of

WINDOW: Final = 2_000
"""Events that are looked at in one transaction: 2 ms."""
_WEBHOOKS: Final = """
select (select min(position) from event where stream = w.id), w.* from webhook w where not is_deleted order by id
"""
_HEARD: Final = """
select position, stream, at, type from event
where position > ? and position <= ? and type in (select value from json_each(?)) order by position
"""
_LABELS: Final = """
select mail_id, project_id, tags from content where mail_id in (select value from json_each(?))
"""
_HISTORY: Final = """
select position, part, at, type, payload from event indexed by event_stream
where stream = ? and part in (0, ?) and position <= ? order by position
"""


class Listener(NamedTuple):
    webhook: Webhook
    since: Position
    """Of its creation: it hears only of what came after."""


class Wanted(NamedTuple):
    webhook: int
    position: Position
    at: int


class Look(NamedTuple):
    """One moment of the log."""

    listeners: Sequence[Listener]
    wanted: Sequence[Wanted]
    end: Mark
    """Up to where it was looked at."""
    newest: Position
    """The log's last."""
    is_same_log: bool
    is_all: bool = True
    """The log had no more to look at."""


class _Event(NamedTuple):
    position: Position
    stream: int
    part: int
    at: int
    code: int

    @property
    def name(self) -> str:
        return unversioned(codec.name(self.code))

    @property
    def is_of_suppression(self) -> bool:
        return self.name.startswith("suppression.")


class Source:
    """Read-only, for one thread at a time. Raises sqlite3.Error."""

    def __init__(self, directory: Path) -> None:
        self._database = open_read_only(directory / FILE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def look(self, after: Mark | None) -> Look:
        """What happened after the mark, up to `WINDOW` events on; None: since the first webhook was created."""
        with snapshot(self._database):
            listeners = [Listener(webhook_of(row[1:]).webhook, row[0]) for row in self._rows(_WEBHOOKS)]
            end = self._mark(1 << 62)
            if after is None:
                after = self._mark(min((listener.since for listener in listeners), default=end.position))
            if after != START and after != self._mark(after.position):
                return Look(listeners, (), end, end.position, is_same_log=False)
            active = [listener for listener in listeners if listener.webhook.terms.is_active]
            # Nobody listens: there is nothing to look at.
            to = self._mark(min(end.position, after.position + WINDOW)) if active else end
            wanted = self._wanted(active, after, to)
            return Look(listeners, wanted, to, end.position, is_same_log=True, is_all=to == end)

    def told(self, position: Position) -> Told | None:
        """None if the event is no more."""
        with snapshot(self._database):
            found = self._rows("select stream, part, at, type from event where position = ?", position)
            if not found:
                return None
            event = _Event(position, *found[0])
            history = self._rows(_HISTORY, event.stream, event.part, position)
            return self._of_suppression(event, history) if event.is_of_suppression else self._of_mail(event, history)

    def _of_mail(self, event: _Event, history: Sequence[Any]) -> ToldOfMail:
        position, mail_id, part, at, _ = event
        words = self._rows("select words from note where position = ?", position)
        content = self._rows(
            "select email_id, client_env_id, project_id, closure_id, tags from content where mail_id = ?", mail_id
        )
        recipient = self._rows("select * from recipient where delivery_id = ?", mail_id + part)
        *references, tags = content[0] if content else (None,) * 5
        code, payload = history[-1][-2:]
        return ToldOfMail(
            position, event.name, at, mail_id, mail_id + part if part else None,
            msgspec.to_builtins(codec.decode(code, payload)), References(*references),
            msgspec.json.decode(tags) if tags else (), _state(mail_id, part, history),
            words[0][0] if words else None, recipient_of(recipient[0]) if recipient and part else None,
        )  # fmt: skip

    def _of_suppression(self, event: _Event, history: Sequence[Any]) -> ToldOfSuppression:
        address = self._rows("select address from suppression where id = ?", event.stream)
        folded = rules.blank(event.stream)
        for _, _, at, code, payload in history:
            folded = rules.evolve(folded, cast(SuppressionEvent, codec.decode(code, payload)), at)
        folded = folded._replace(address=address[0][0] if address else "")
        return ToldOfSuppression(event.position, event.name, event.at, folded)

    def _wanted(self, active: Sequence[Listener], after: Mark, end: Mark) -> list[Wanted]:
        types = {listener.webhook.id: matching(listener.webhook.terms.types, TYPES) for listener in active}
        names = frozenset[str]().union(*types.values())
        codes = {code: unversioned(name) for code, (name, _) in codec.STORED.items() if unversioned(name) in names}
        heard = self._rows(_HEARD, after.position, end.position, listed(codes)) if codes else ()
        choosy = any(is_choosy(listener.webhook.terms) for listener in active)
        labels = self._labels([stream for _, stream, _, _ in heard]) if choosy else {}
        return [
            Wanted(webhook.id, position, at)
            for position, stream, at, code in heard
            for webhook, since in active
            if since < position
            and codes[code] in types[webhook.id]
            and _wants(webhook.terms, codes[code], labels.get(stream, ((), None)))
        ]

    def _labels(self, mails: Sequence[int]) -> dict[int, tuple[Sequence[str], str | None]]:
        return {
            mail_id: (msgspec.json.decode(tags) if tags else (), project_id)
            for mail_id, project_id, tags in self._rows(_LABELS, listed(set(mails)))
        }

    def _mark(self, position: Position) -> Mark:
        """Of the last event up to there."""
        sql = "select position, stream, at from event where position <= ? order by position desc limit 1"
        found = self._rows(sql, position)
        return Mark(*found[0]) if found else START

    def _rows(self, sql: str, *values: object) -> list[Any]:
        return self._database.execute(sql, values).fetchall()


def _wants(terms: Terms, name: str, labels: tuple[Sequence[str], str | None]) -> bool:
    """A suppression is of no mail, and so for those who want to hear of any."""
    return not is_choosy(terms) if name.startswith("suppression.") else wants_mail(terms, *labels)


def _state(mail_id: int, part: int, history: Sequence[Any]) -> str | None:
    """Folded, so that a message says the same however often it is made."""
    events = [(position, n, at, codec.decode(code, payload)) for position, n, at, code, payload in history]
    position, _, at, accepted = events[0]
    if not part or not isinstance(accepted, MailAccepted):
        return None
    born = born_delivery(accepted_mail(mail_id, accepted, at=at, position=position), part)
    heard: list[Heard] = [(position, at, event) for position, n, at, event in events if n and is_delivery_event(event)]
    return followed(born, heard).delivery.state.value

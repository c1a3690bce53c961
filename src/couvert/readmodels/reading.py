"""What doors ask about mails, deliveries and events, answered off the event loop."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from couvert.readmodels import delivery_views, event_views, mail_views
from couvert.readmodels.event_views import EventPart, Subject
from couvert.readmodels.folds import Counts
from couvert.readmodels.mail_filter import MailFilter
from couvert.readmodels.marking import marker_of
from couvert.readmodels.marks import Marker
from couvert.readmodels.pages import Part, Wanted
from couvert.readmodels.pool import ReadPool
from couvert.readmodels.read import ReadModels
from couvert.readmodels.views import DeliveryView, EventView, MailView
from couvert.store.log import Position


class Reading:
    """Raises `Unavailable` where the files cannot be read now, and `BadCursor`; what is not there is None."""

    def __init__(self, directory: Path) -> None:
        self._pool = ReadPool(directory)
        self._marker: Marker | None = None

    async def mails(self, wanted: MailFilter, page: Wanted) -> Part[MailView]:
        """Newest first; mails that arrive meanwhile move nothing on the pages that a cursor leads to."""
        return await self._pool.run(mail_views.mails, wanted, page, await self._known_marker())

    async def mail(self, mail_id: int) -> MailView | None:
        return await self._pool.run(mail_views.mail, mail_id)

    async def deliveries(self, mail_id: int, page: Wanted) -> Part[DeliveryView] | None:
        """In the order of the mail's recipients; None if there is no such mail."""
        return await self._pool.run(delivery_views.deliveries, mail_id, page)

    async def delivery(self, delivery_id: int) -> tuple[DeliveryView, list[EventView]] | None:
        """With its timeline, oldest first."""
        return await self._pool.run(delivery_views.delivery, delivery_id)

    async def events(
        self, *, after: Position, limit: int, types: Collection[str] = (), subject: Subject | None = None
    ) -> EventPart:
        """From the log, oldest first. Few may be found although there are more: go on from `looked_up_to`."""

        def question(files: ReadModels) -> EventPart:
            return event_views.events(files.database, after=after, limit=limit, types=types, subject=subject)

        return await self._pool.run(question)

    async def subject_of_delivery(self, delivery_id: int) -> Subject | None:
        """For `events`; None if there is no such delivery."""
        return await self._pool.run(delivery_views.subject_of, delivery_id)

    async def totals(self) -> Counts:
        """How many deliveries are in each state."""
        return await self._pool.run(ReadModels.totals)

    async def position(self) -> Position:
        """How far the read models follow the log."""
        return await self._pool.run(ReadModels.position)

    def close(self) -> None:
        self._pool.close()

    async def _known_marker(self) -> Marker:
        if self._marker is None:
            self._marker = await self._pool.run(lambda files: marker_of(files.database))
        return self._marker

"""`couvert show`: what became of each recipient of a mail, and everything that happened on the way to one of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from couvert.cli.options import Data, with_parts
from couvert.cli.times import utc
from couvert.domain import ids
from couvert.domain.delivery import State
from couvert.domain.delivery_events import Released
from couvert.domain.mail import MailAccepted
from couvert.domain.refusals import NotFound

if TYPE_CHECKING:
    from couvert.store.log import NotedEvent
    from couvert.wiring import Parts


def show(
    which: Annotated[str, typer.Argument(metavar="ID", help="A delivery's id (dlv_...), or a mail's (mail_...).")],
    data: Data = None,
) -> None:
    """Print a delivery's state and its timeline, oldest first; of a mail, the deliveries and where they are."""
    mail_id = ids.decode("mail", which)
    if mail_id is not None:
        with_parts(data, lambda parts: _print_mail(parts, mail_id))
        return
    delivery_id = ids.decode("dlv", which)
    if delivery_id is None:
        looks = f"{ids.encode('mail', 1 << 60)}, and a delivery's like {ids.encode('dlv', 1 << 60)}"
        raise NotFound(f"{which} is neither a mail's id nor a delivery's; a mail's looks like {looks}")
    with_parts(data, lambda parts: print_delivery(parts, delivery_id))


async def _print_mail(parts: Parts, mail_id: int) -> None:
    """A line for each recipient. Raises `NotFound`."""
    noted = await parts.store.timeline(mail_id, 0)
    accepted = next((one.logged.event for one in noted if isinstance(one.logged.event, MailAccepted)), None)
    if accepted is None:
        raise NotFound(f"There is no mail {ids.encode('mail', mail_id)} here; is --data right?")
    for stored in await parts.store.deliveries(first=mail_id + 1, last=mail_id + accepted.count, states=[*State]):
        recipient = await parts.store.recipient(stored.delivery.id)
        email = recipient.email if recipient else "(erased)"
        print(f"{ids.encode('dlv', stored.delivery.id)}  {stored.delivery.state:10}  {email}")


async def print_delivery(parts: Parts, delivery_id: int) -> None:
    """Shared with `demo`. Raises `NotFound`."""
    stored = await parts.store.delivery(delivery_id)
    if stored is None:
        raise NotFound(f"There is no delivery {ids.encode('dlv', delivery_id)} here; is --data right?")
    delivery = stored.delivery
    recipient = await parts.store.recipient(delivery_id)
    content = await parts.store.content(delivery.mail_id)
    timeline = await parts.store.timeline(delivery.mail_id, delivery_id - delivery.mail_id)
    releases = sum(isinstance(noted.logged.event, Released) for noted in timeline)
    facts = {
        "delivery": ids.encode("dlv", delivery_id),
        "mail": ids.encode("mail", delivery.mail_id),
        "from": content.sender.email if content else "(erased)",
        "to": recipient.email if recipient else "(erased)",
        "subject": content.subject if content else "(erased)",
        "state": delivery.state + (" (being handed over)" if delivery.is_begun else ""),
        "attempts": delivery.attempt - releases,  # what the provider did not even look at was none
        "next attempt": utc(delivery.due_at),
    }
    for name, fact in facts.items():
        print(f"{name + ':':14}{fact}")
    print()
    for noted in timeline:
        print(timeline_line(noted))


def timeline_line(noted: NotedEvent) -> str:
    """`2025-01-27 10:30:00.123Z  delivery.sent  attempt 1, provider id 4Xy` and, below, the provider's words."""
    details = [_detail(name, value) for name, value in asdict(noted.logged.event).items() if value is not None]
    line = f"{utc(noted.logged.at)}  {noted.name.rpartition('.')[0]:25}  {', '.join(details)}"
    return line + (f"\n{'':53}{noted.note}" if noted.note else "")


def _detail(name: str, value: object) -> str:
    words = name.replace("_", " ")
    return f"{words} {utc(value)}" if name.endswith("_at") and isinstance(value, int) else f"{words} {value}"

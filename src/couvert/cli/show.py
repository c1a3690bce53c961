"""`couvert show`: where a mail to one recipient is, and everything that happened to it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from couvert.cli.options import Data, with_parts
from couvert.cli.times import utc
from couvert.domain import ids
from couvert.domain.refusals import NotFound

if TYPE_CHECKING:
    from couvert.store.port import NotedEvent
    from couvert.wiring import Parts


def show(
    delivery: Annotated[str, typer.Argument(help="A delivery's id, such as dlv_0j3q5r2f4g000.")],
    data: Data = None,
) -> None:
    """Print a delivery's state and its timeline, oldest first."""
    delivery_id = delivery_id_of(delivery)
    with_parts(data, lambda parts: print_delivery(parts, delivery_id))


def delivery_id_of(text: str) -> int:
    """Raises `NotFound`."""
    delivery_id = ids.decode("dlv", text)
    if delivery_id is None:
        raise NotFound(f"{text} is not a delivery's id; those look like {ids.encode('dlv', 1 << 60)}")
    return delivery_id


async def print_delivery(parts: Parts, delivery_id: int) -> None:
    """Shared with `demo`. Raises `NotFound`."""
    stored = await parts.store.delivery(delivery_id)
    if stored is None:
        raise NotFound(f"There is no delivery {ids.encode('dlv', delivery_id)} here; is --data right?")
    delivery = stored.delivery
    recipient = await parts.store.recipient(delivery_id)
    content = await parts.store.content(delivery.mail_id)
    facts = {
        "delivery": ids.encode("dlv", delivery_id),
        "mail": ids.encode("mail", delivery.mail_id),
        "from": content.sender.email if content else "(erased)",
        "to": recipient.email if recipient else "(erased)",
        "subject": content.subject if content else "(erased)",
        "state": delivery.state + (" (being handed over)" if delivery.is_begun else ""),
        "attempts": delivery.attempt,
        "next attempt": utc(delivery.due_at),
    }
    for name, fact in facts.items():
        print(f"{name + ':':14}{fact}")
    print()
    for noted in await parts.store.timeline(delivery.mail_id, delivery_id - delivery.mail_id):
        print(timeline_line(noted))


def timeline_line(noted: NotedEvent) -> str:
    """`2025-01-27 10:30:00.123Z  delivery.sent  attempt 1, provider id 4Xy` and, below, the provider's words."""
    details = [_detail(name, value) for name, value in asdict(noted.logged.event).items() if value is not None]
    line = f"{utc(noted.logged.at)}  {noted.name.rpartition('.')[0]:20}  {', '.join(details)}"
    return line + (f"\n{'':48}{noted.note}" if noted.note else "")


def _detail(name: str, value: object) -> str:
    words = name.replace("_", " ")
    return f"{words} {utc(value)}" if name.endswith("_at") and isinstance(value, int) else f"{words} {value}"

"""What becomes of each recipient, and the events that tell of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple

from couvert.simulator.faults import Kind

EventType = Literal[
    "Send", "Delivery", "Bounce", "SoftBounce", "Suppressed", "Complaint", "DeliveryDelay", "Reject", "RenderingFailure"
]
MAILBOX_SIMULATOR: Final = "simulator.amazonses.com"
_MAILBOXES: Final[dict[str, Kind]] = {
    "success": "delivery",
    "bounce": "bounce",
    "complaint": "complaint",
    "ooto": "out_of_office",
    "suppressionlist": "suppressed",
}
STORIES: Final[dict[Kind, tuple[EventType, ...]]] = {
    "delivery": ("Send", "Delivery"),
    "bounce": ("Send", "Bounce"),
    "soft_bounce": ("Send", "SoftBounce"),
    "complaint": ("Send", "Delivery", "Complaint"),
    "delay": ("Send", "DeliveryDelay", "Delivery"),
    "reject": ("Reject",),
    "rendering_failure": ("RenderingFailure",),
    # SES reports the automatic answer as a bounce after the delivery.
    "out_of_office": ("Send", "Delivery", "SoftBounce"),
    "suppressed": ("Send", "Suppressed"),
    "none": (),
}


class Planned(NamedTuple):
    event: EventType
    recipients: tuple[str, ...]


def kind_of(address: str, outcomes: Mapping[str, Kind]) -> Kind:
    """`outcomes` by address or `@domain` come first, then SES's own mailbox simulator; all else is delivered."""
    local, _, domain = address.lower().rpartition("@")
    for name in (address, address.lower(), f"@{domain}"):
        if name in outcomes:
            return outcomes[name]
    if domain == MAILBOX_SIMULATOR:
        return _MAILBOXES.get(local.partition("+")[0], "delivery")
    return "delivery"


def plan(recipients: list[str], outcomes: Mapping[str, Kind], *, together: bool) -> list[Planned]:
    """In the order in which they happen. Of all recipients there is one Send; `together`, one of everything."""
    stories = [(recipient, STORIES[kind_of(recipient, outcomes)]) for recipient in recipients]
    return list(_told(stories, together=together))


def _told(stories: list[tuple[str, tuple[EventType, ...]]], *, together: bool) -> Iterator[Planned]:
    for step in range(3):
        shared: dict[EventType, list[str]] = {}
        for recipient, story in stories:
            if step < len(story):
                shared.setdefault(story[step], []).append(recipient)
        for event, affected in shared.items():
            if together or event in {"Send", "Reject", "RenderingFailure"}:
                yield Planned(event, tuple(affected))
            else:
                yield from (Planned(event, (recipient,)) for recipient in affected)

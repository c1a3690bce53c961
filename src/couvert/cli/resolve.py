"""`couvert resolve`: decide a delivery of which nobody knows whether it was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from couvert.cli.options import Data, with_parts
from couvert.cli.show import print_delivery
from couvert.domain import ids
from couvert.domain.refusals import NotFound, RuleBroken

if TYPE_CHECKING:
    from couvert.domain.intervention import UnknownDecision
    from couvert.wiring import Parts


def resolve(
    delivery: Annotated[str, typer.Argument(help="A delivery's id, such as dlv_0j3q5r2f4g000.")],
    sent: Annotated[bool, typer.Option("--sent", help="It was sent: leave it at that.")] = False,
    resend: Annotated[bool, typer.Option("--resend", help="Send it again: it may arrive twice.")] = False,
    data: Data = None,
) -> None:
    """Say what becomes of an unknown delivery, then print its timeline."""
    if sent == resend:
        raise RuleBroken("Say either --sent or --resend.")
    decision: UnknownDecision = "sent" if sent else "resend"
    delivery_id = ids.decode("dlv", delivery)
    if delivery_id is None:
        raise NotFound(f"{delivery} is not a delivery's id; those look like {ids.encode('dlv', 1 << 60)}")

    async def work(parts: Parts) -> None:
        await parts.interventions.resolve(delivery_id, decision)
        await print_delivery(parts, delivery_id)

    with_parts(data, work)

"""`couvert doctor`: looks at everything that delivery needs, and says what to do about what is wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

import typer

from couvert.cli.checks import clock, delivery, files, notices, pace, queues, settings, webhooks
from couvert.cli.options import Data, with_parts
from couvert.domain.finding import Finding, Verdict, wrong
from couvert.domain.refusals import Unavailable
from couvert.settings import WrongSetting

if TYPE_CHECKING:
    from couvert.wiring import Parts

Check = Callable[["Parts"], Awaitable[Sequence[Finding]]]

CHECKS: Final[Sequence[Check]] = (
    files.database,
    files.disk,
    clock.clock,
    delivery.serve,
    delivery.transport,  # a provider's own checks are its transport's: `delivery.transport.Examined`
    pace.pace,
    notices.notices,
    queues.queues,
    delivery.queue,
    delivery.outcomes,
    webhooks.webhooks,
    delivery.read_models,
    settings.settings,
)


def doctor(data: Data = None) -> None:
    """Check database, disk, clock, provider, queue, read models and settings; exit code 1 if anything is wrong."""
    try:
        findings = with_parts(data, _examine)
    except WrongSetting as trouble:
        findings = [wrong("settings", str(trouble))]
    for finding in findings:
        print(f"{finding.verdict:5}  {finding.subject:12} {finding.sentence}")
    if any(finding.verdict is Verdict.WRONG for finding in findings):
        raise typer.Exit(1)


async def _examine(parts: Parts) -> list[Finding]:
    return [finding for check in CHECKS for finding in await _findings(check, parts)]


async def _findings(check: Check, parts: Parts) -> Sequence[Finding]:
    """One that the database fails takes the others with it no further."""
    try:
        return await check(parts)
    except Unavailable as trouble:
        return [wrong(_subject(check), trouble.message)]
    except Exception as bug:  # noqa: BLE001 - whoever asks what is wrong is told of more than the first thing
        return [wrong(_subject(check), f"cannot be looked at, by a fault of couvert's: {bug!r}; report it")]


def _subject(check: Check) -> str:
    return check.__name__.replace("_", " ")

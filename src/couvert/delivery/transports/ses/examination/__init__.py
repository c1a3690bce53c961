"""What `couvert doctor` is told of SES: all that mail and its notices depend on there, in the order of their way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from couvert.delivery.aws import Aws, AwsTrouble, NotAllowed
from couvert.delivery.transport import Surroundings
from couvert.delivery.transports.ses.examination.account import account
from couvert.delivery.transports.ses.examination.configuration_set import configuration_sets
from couvert.delivery.transports.ses.examination.credentials import credentials
from couvert.delivery.transports.ses.examination.notice_ways import notice_ways
from couvert.delivery.transports.ses.examination.senders import senders
from couvert.delivery.transports.ses.examination.tenant import tenant
from couvert.delivery.transports.ses.examination.told import Told
from couvert.delivery.transports.ses.options import SesOptions
from couvert.domain.finding import Finding, Verdict, unknown

Look = Callable[[Told], Awaitable[None]]


async def examined(
    options: SesOptions, around: Surroundings, reach: Callable[[], Awaitable[None]]
) -> Sequence[Finding]:
    """`reach` opens a connection, and may raise `Unreachable`; all else that cannot be looked at is said to be so."""
    told = Told(Aws(options.region, options.endpoint), options, around, reach)
    await _looked_at("credentials", credentials, told)
    if any(finding.verdict is Verdict.WRONG for finding in told.findings):
        return told.findings  # whatever else is asked would be answered the same
    for subject, look in (
        ("sending", account),
        ("tenant", tenant),
        ("senders", senders),
        ("events", configuration_sets),
        ("notices", notice_ways),
    ):
        await _looked_at(subject, look, told)
    return told.findings


async def _looked_at(subject: str, look: Look, told: Told) -> None:
    try:
        await look(told)
    except NotAllowed as missing:
        told.findings.append(unknown(subject, f"could not be checked: allow {missing}"))
    except AwsTrouble as trouble:
        told.findings.append(unknown(subject, f"could not be checked: {trouble}"))

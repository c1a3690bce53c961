"""Whether the account may send, and to whom."""

from __future__ import annotations

from couvert.delivery.transports.ses.examination.told import Told


async def account(told: Told) -> None:
    said = await told.aws.ask("sesv2", "GetAccount")
    standing, region = said.get("EnforcementStatus", "HEALTHY"), told.options.region
    if standing == "SHUTDOWN":
        told.wrong("sending", f"SES has suspended the account in {region} (SHUTDOWN); see its case at AWS Support")
    elif not said.get("SendingEnabled", True):
        advice = "once the cause is known: aws sesv2 put-account-sending-attributes --sending-enabled"
        told.wrong("sending", f"is switched off for the account in {region}; {advice}")
    elif standing != "HEALTHY":
        told.note("sending", f"SES has the account under review ({standing}): look at bounces and complaints")
    else:
        told.well("sending", f"the account in {region} may send and is {standing.lower()}")
    if not said.get("ProductionAccessEnabled", True):
        sentence = "the account is in SES's sandbox: only addresses that are verified get mail"
        told.note("sending", f"{sentence}; request production access")

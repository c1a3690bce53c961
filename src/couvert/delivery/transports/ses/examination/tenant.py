"""Whether the tenant that mail is sent for is there and may send."""

from __future__ import annotations

from couvert.delivery.aws import NotThere
from couvert.delivery.transports.ses.examination.told import Told


async def tenant(told: Told) -> None:
    name = told.options.tenant
    if name is None:
        return
    try:
        said = (await told.aws.ask("sesv2", "GetTenant", TenantName=name)).get("Tenant", {})
    except NotThere:
        told.wrong("tenant", f"{name} does not exist, so no mail is taken: create it, or correct ?tenant=")
        return
    status = said.get("SendingStatus", "ENABLED")
    if status == "DISABLED":
        told.wrong("tenant", f"{name} may not send: see its reputation in SES, and enable it again")
    else:
        told.well("tenant", f"{name} may send")

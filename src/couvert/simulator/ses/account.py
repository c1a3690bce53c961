"""What the account says of itself: its quota, and whether it may send."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from couvert.simulator.errors import AwsError
from couvert.simulator.exchange import Reply, Request, json_answer

if TYPE_CHECKING:
    from couvert.simulator.world import World


def get_account(world: World, _: Request) -> Reply:
    faults = world.faults
    if faults.account_unreadable:
        raise AwsError("AccessDeniedException", "User is not authorized to perform: ses:GetAccount")
    quota = {
        "Max24HourSend": world.quota.most,
        "MaxSendRate": world.rate,
        "SentLast24Hours": float(world.quota.sent(time.monotonic())),
    }
    return json_answer(
        {
            "DedicatedIpAutoWarmupEnabled": False,
            "EnforcementStatus": "SHUTDOWN" if faults.suspended else "HEALTHY",
            "ProductionAccessEnabled": not faults.sandbox,
            "SendQuota": quota,
            "SendingEnabled": not (faults.paused or faults.suspended),
            "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
        }
    )


def put_sending(world: World, request: Request) -> Reply:
    world.faults.paused = not msgspec.json.decode(request.body, type=dict[str, bool]).get("SendingEnabled", False)
    return json_answer({})

"""Tenants: customers of an account whose reputations SES keeps apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from couvert.simulator.errors import AwsError
from couvert.simulator.exchange import Reply, Request, json_answer

if TYPE_CHECKING:
    from couvert.simulator.world import World


def get(world: World, request: Request) -> Reply:
    name = str(msgspec.json.decode(request.body, type=dict[str, Any]).get("TenantName") or "")
    if not name:
        raise AwsError("BadRequestException", "Missing required parameter: TenantName")
    world.setup.check_tenant(name)
    return json_answer({"Tenant": {**_shown(world, name), "SendingStatus": "ENABLED", "Tags": []}})


def list_all(world: World, _: Request) -> Reply:
    return json_answer({"Tenants": [_shown(world, name) for name in sorted(world.setup.tenants)]})


def _shown(world: World, name: str) -> dict[str, Any]:
    return {
        "TenantName": name,
        "TenantId": f"tn-{name}",
        "TenantArn": world.setup.arn("ses", f"tenant/{name}/tn-{name}"),
    }

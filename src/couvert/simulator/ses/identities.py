"""Senders: which there are, and whether they may send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from couvert.simulator.errors import AwsError
from couvert.simulator.exchange import Reply, Request, json_answer

if TYPE_CHECKING:
    from couvert.simulator.world import World


def get(world: World, _: Request, name: str) -> Reply:
    """Where none are named every sender is verified, so that each name that is asked for is one."""
    identity = unquote(name)
    if world.setup.identities and identity not in world.setup.identities:
        raise AwsError("NotFoundException", f"Email identity {identity} does not exist.")
    return json_answer(_shown(world, identity))


def list_all(world: World, _: Request) -> Reply:
    identities = [
        {
            "IdentityType": _type(name),
            "IdentityName": name,
            "SendingEnabled": is_verified,
            "VerificationStatus": "SUCCESS" if is_verified else "PENDING",
        }
        for name, is_verified in world.setup.identities.items()
    ]
    return json_answer({"EmailIdentities": identities})


def create(world: World, request: Request) -> Reply:
    """It waits to be verified: from now on, unverified senders are refused."""
    asked = msgspec.json.decode(request.body, type=dict[str, Any])
    name = str(asked.get("EmailIdentity") or "")
    if not name:
        raise AwsError("BadRequestException", "Missing required parameter: EmailIdentity")
    if name in world.setup.identities:
        raise AwsError("AlreadyExistsException", f"Email identity {name} already exist.")
    world.setup.identities[name] = False
    if asked.get("ConfigurationSetName"):
        world.setup.default_sets[name] = str(asked["ConfigurationSetName"])
    dkim = _dkim(is_verified=False) if _type(name) == "DOMAIN" else {}
    return json_answer({"IdentityType": _type(name), "VerifiedForSendingStatus": False, "DkimAttributes": dkim})


def put_configuration_set(world: World, request: Request, name: str) -> Reply:
    """The one that its mail has where a call names none; without a name, none."""
    default = msgspec.json.decode(request.body or b"{}", type=dict[str, Any]).get("ConfigurationSetName")
    if default:
        world.setup.destinations(default)
        world.setup.default_sets[unquote(name)] = default
    else:
        world.setup.default_sets.pop(unquote(name), None)
    return json_answer({})


def delete(world: World, _: Request, name: str) -> Reply:
    world.setup.identities.pop(unquote(name), None)
    return json_answer({})


def _type(name: str) -> str:
    return "EMAIL_ADDRESS" if "@" in name else "DOMAIN"


def _shown(world: World, identity: str) -> dict[str, Any]:
    is_verified = world.setup.identities.get(identity, True)
    default = world.setup.default_sets.get(identity)
    shown = {
        "IdentityType": _type(identity),
        "FeedbackForwardingStatus": True,
        "VerifiedForSendingStatus": is_verified,
        "DkimAttributes": _dkim(is_verified=is_verified),
        "MailFromAttributes": _mail_from(world, identity),
        "Policies": {},
        "Tags": [],
        "VerificationStatus": "SUCCESS" if is_verified else "PENDING",
    }
    return {**shown, "ConfigurationSetName": default} if default else shown


def _dkim(*, is_verified: bool) -> dict[str, Any]:
    return {
        "SigningEnabled": True,
        "Status": "SUCCESS" if is_verified else "PENDING",
        "Tokens": ["simulated1", "simulated2", "simulated3"],
        "SigningAttributesOrigin": "AWS_SES",
    }


def _mail_from(world: World, identity: str) -> dict[str, Any]:
    if not world.faults.mail_from_unverified:
        return {"BehaviorOnMxFailure": "USE_DEFAULT_VALUE"}
    domain = identity.rpartition("@")[2]
    return {
        "MailFromDomain": f"bounce.{domain}",
        "MailFromDomainStatus": "FAILED",
        "BehaviorOnMxFailure": "REJECT_MESSAGE",
    }

"""Whether there are credentials and SES, when it is reached, believes them; it does not if the clocks are far apart."""

from __future__ import annotations

import time
from typing import Final

from couvert.delivery.aws import AwsTrouble, NotAllowed, NotBelieved, said_at
from couvert.delivery.transports.ses.examination.told import Told

MOST_APART_MS: Final = 300_000
"""SES takes a signature for so long, and no longer (Signature Version 4)."""
APART_MS: Final = 30_000
_NAMES: Final = {
    "env": "from the environment",
    "explicit": "of the session",
    "iam-role": "of this machine's role",
    "container-role": "of this container's role",
    "assume-role": "of a role that is assumed",
    "assume-role-with-web-identity": "of a role by web identity",
    "shared-credentials-file": "from ~/.aws/credentials",
    "config-file": "from ~/.aws/config",
    "sso": "by single sign-on",
    "custom-process": "from a program of yours",
}


async def credentials(told: Told) -> None:
    try:
        found = await told.aws.credentials()
    except AwsTrouble as trouble:
        told.wrong("credentials", f"cannot be had: {trouble}; mail waits until there are some")
        return
    if found is None:
        told.wrong(
            "credentials",
            "none are found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine a role",
        )
        return
    await told.reach()
    told.well("transport", f"SES in {told.options.region} can be reached")
    kind = "temporary" if found.is_temporary else "long-lived"
    which = f"{kind}, {_NAMES.get(found.how, found.how)}, key …{found.key_id[-4:]}"
    try:
        provider_at = said_at(await told.aws.ask("sesv2", "GetAccount"))
    except NotAllowed as known:
        provider_at = known.provider_at  # whoever is told what it may not do was recognised
    except NotBelieved as fault:
        if not _clock(told, fault.provider_at):
            return
        advice = "put in good ones, and restart `couvert serve` if they are in its environment"
        told.wrong("credentials", f"SES rejects them ({which}): {fault}; {advice}")
        return
    told.well("credentials", f"SES knows them ({which})")
    _clock(told, provider_at)


def _clock(told: Told, provider_at: int | None) -> bool:
    """Whether it is well enough."""
    if provider_at is None:
        return True
    apart_ms = time.time_ns() // 1_000_000 - provider_at
    how = f"this clock is {abs(apart_ms) / 1000:.0f} s {'ahead of' if apart_ms > 0 else 'behind'} that of SES"
    if abs(apart_ms) > MOST_APART_MS:
        told.wrong("SES clock", f"{how}; from 300 s on it refuses every call: set the clock (NTP)")
        return False
    if abs(apart_ms) > APART_MS:
        told.note("SES clock", f"{how}; from 300 s on it refuses every call: set the clock (NTP)")
    else:
        told.well("SES clock", "agrees with this one")
    return True

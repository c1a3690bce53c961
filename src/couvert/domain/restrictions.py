"""What a key may not do although it is good: from elsewhere, for other senders, too often, or too much in a day."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, NamedTuple

from couvert.domain.allowance import Allowance
from couvert.domain.refusals import QuotaExceeded, RuleBroken, Unauthorized

DAY_MS: Final = 86_400_000
SHOWN: Final = 5
"""So many senders are named to whoever is not one of them."""
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Restrictions:
    """Empty or None is no restriction of that kind."""

    senders: tuple[str, ...] = ()
    """Addresses, domains, or `*.example.com` for all that is below a domain; in the form that addresses are kept in."""
    networks: tuple[str, ...] = ()
    """Where requests may come from, as CIDR blocks in their normal form."""
    rate: Allowance | None = None
    """Requests that ask for a mail."""
    daily_quota: int | None = None
    """Recipients in a day, which begins at midnight UTC."""


NONE: Final = Restrictions()


class DailyUse(NamedTuple):
    """Recipients that are to be counted, against the most that a key may have in a day."""

    key: int
    day: int
    """Since 1970, UTC."""
    recipients: int
    most: int


def check_client(restrictions: Restrictions, address: str | None) -> None:
    """Raises `Unauthorized`: from a wrong address a key is worth as little as from a wrong origin."""
    if restrictions.networks and not _is_within(restrictions.networks, address):
        raise Unauthorized("Client address is not allowed for this API key")


def check_sender(restrictions: Restrictions, email: str) -> None:
    """Raises `RuleBroken`. Letters of either case name the same mailbox here, as they do wherever mail is read."""
    if not restrictions.senders:
        return
    address = email.lower()
    domain = address.rpartition("@")[2]
    parents = ["*." + part for part in _parents(domain)]
    if not {address, domain, *parents} & {sender.lower() for sender in restrictions.senders}:
        shown = ", ".join(restrictions.senders[:SHOWN]) + (", …" if len(restrictions.senders) > SHOWN else "")
        raise RuleBroken(f"This API key may not send as {email}; it may send as {shown}.")


def daily_use(restrictions: Restrictions, key: int, recipients: int, now: int) -> DailyUse | None:
    """What is to be counted for a mail accepted now; None for a key without a quota."""
    if restrictions.daily_quota is None:
        return None
    return DailyUse(key, now // DAY_MS, recipients, restrictions.daily_quota)


def judge_use(use: DailyUse, used: int, now: int) -> QuotaExceeded | None:
    """Whether so many more are too many, after those that were accepted in the same day."""
    if used + use.recipients <= use.most:
        return None
    left_ms = (use.day + 1) * DAY_MS - now
    return QuotaExceeded(
        f"This API key may send to {use.most:,} recipients a day (UTC). It has sent to {used:,} today, and this mail "
        f"has {use.recipients:,}.",
        retry_after_seconds=max(1, -(-left_ms // 1000)),
    )


def parse_network(text: str) -> str | None:
    """The CIDR block in its normal form, an address being a block of one; None if it is none, or says more than one."""
    try:
        return str(ip_network(text.strip()))
    except ValueError:
        return None


def _is_within(networks: tuple[str, ...], address: str | None) -> bool:
    try:
        parsed = ip_address((address or "").partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in _parsed(networks))


@lru_cache(maxsize=1_024)
def _parsed(networks: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(map(ip_network, networks))


def _parents(domain: str) -> list[str]:
    labels = domain.split(".")
    return [".".join(labels[n:]) for n in range(1, len(labels))]

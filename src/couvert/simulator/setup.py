"""What the account has: its senders, configuration sets and tenants."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from couvert.simulator.errors import AwsError

ACCOUNT: Final = "123456789012"
EVERY_EVENT: Final = (
    "SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "DELIVERY_DELAY", "REJECT", "RENDERING_FAILURE",
)  # fmt: skip


@dataclass
class EventDestination:
    name: str
    topic_arn: str | None
    """None for kinds of destinations that the simulator only remembers."""
    event_types: frozenset[str] = frozenset(EVERY_EVENT)
    is_enabled: bool = True
    other: dict[str, Any] = field(default_factory=dict)


@dataclass
class Setup:
    region: str
    identities: dict[str, bool] = field(default_factory=dict)
    """Addresses and domains, and whether each is verified; empty: every sender is."""
    default_sets: dict[str, str] = field(default_factory=dict)
    """The configuration set that an identity uses where a call names none."""
    configuration_sets: dict[str, dict[str, EventDestination]] = field(default_factory=dict)
    paused_sets: set[str] = field(default_factory=set)
    tenants: set[str] = field(default_factory=set)
    """Empty: every name is one."""

    def arn(self, service: str, name: str) -> str:
        return f"arn:aws:{service}:{self.region}:{ACCOUNT}:{name}"

    def check_verified(self, address: str) -> None:
        if self.identities and not any(self.identities.get(name) for name in _identities_of(address)):
            raise AwsError(
                "MessageRejected",
                "Email address is not verified. The following identities failed the check in region "
                f"{self.region.upper()}: {address}",
            )

    def configuration_set_of(self, named: str | None, sender: str) -> str | None:
        name = named or next(
            (self.default_sets[one] for one in _identities_of(sender) if one in self.default_sets), None
        )
        if name is None:
            return None
        self.destinations(name)
        if name in self.paused_sets:
            raise AwsError("SendingPausedException", f"Sending is paused for configuration set <{name}>.")
        return name

    def destinations(self, name: str) -> dict[str, EventDestination]:
        if name not in self.configuration_sets:
            raise AwsError("NotFoundException", f"Configuration set <{name}> does not exist.")
        return self.configuration_sets[name]

    def check_tenant(self, name: str | None) -> None:
        if name is not None and self.tenants and name not in self.tenants:
            raise AwsError("NotFoundException", f"Tenant <{name}> does not exist.")


def _identities_of(address: str) -> list[str]:
    """The address, its domain, and the domains above: a domain that is verified stands for those below it."""
    domain = address.rpartition("@")[2].lower()
    labels = domain.split(".")
    return [address, address.lower(), *(".".join(labels[index:]) for index in range(len(labels)))]

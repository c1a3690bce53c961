"""What `couvert doctor` is told of a relay that answered: how the connection is protected, and who we are there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from couvert.delivery.transports.smtp.relay import Relay
from couvert.domain.finding import Finding, note, well

NEARBY: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def examined(relay: Relay, encryption: str | None) -> Sequence[Finding]:
    """Of a relay to which a connection was opened, with the login if there is one."""
    who = f"signed in as {relay.user}" if relay.user else "without a login"
    findings = [well("transport", f"the relay {relay} answers, {encryption or 'unencrypted'}, {who}")]
    if encryption is None and relay.host not in NEARBY:
        findings.append(
            note("transport", "mail can be read on its way to the relay; with ?tls=require it never leaves unencrypted")
        )
    if encryption is not None and not relay.verifies:
        findings.append(
            note(
                "transport",
                "nobody checks that it is the relay who answers (verify=off); name its authority: cafile=PATH",
            )
        )
    return findings

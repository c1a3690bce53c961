"""Hands one prebuilt message over again and again, with nothing around it: what every mail costs at least.

Run: python -m bench.beside.bare_hand_over PORT MAILS      (prints JSON)
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import UTC, datetime

import uvloop

from bench.harness.mails import SENDER, mail_to
from couvert.delivery.mime import Mailbox, build_message
from couvert.delivery.text import text_of
from couvert.delivery.transport import Message, Taken
from couvert.delivery.transports.smtp import SmtpTransport, relay_from_url
from couvert.domain.personalise import common_values, values
from couvert.domain.template import compile_template


class Always:
    def may_begin(self) -> bool:
        return True

    def may_complete(self) -> bool:
        return True


def message() -> Message:
    """As the courier makes it of the same mail."""
    command = mail_to(1, 1)
    (recipient,) = command.recipients
    filled = values(common_values(SENDER, {}), recipient)
    assert command.html is not None
    own_id = "<dlv_0000000000001@shop.example.com>"
    content = build_message(
        message_id=own_id,
        date=datetime.now(UTC),
        sender=Mailbox(SENDER.email, SENDER.name),
        recipient=Mailbox(recipient.email, recipient.name),
        subject=compile_template(command.subject).render(filled),
        html=compile_template(command.html).render_html(filled),
        text=compile_template(text_of(command.html)).render(filled),
    )
    return Message(1, 1, SENDER.email, recipient.email, content, own_id)


async def main(port: int, mails: int) -> None:
    relay = relay_from_url(f"smtp://127.0.0.1:{port}")
    transport, prebuilt, clearance = SmtpTransport(relay), message(), Always()

    async def worker(share: int) -> None:
        for _ in range(share):
            channel = await transport.channel()
            outcome = await channel.hand_over(prebuilt, clearance)
            assert isinstance(outcome, Taken), outcome

    async def on_all(share: int) -> None:
        await asyncio.gather(*(worker(share) for _ in range(relay.connections)))

    await on_all(1)
    started_at, cpu_before = time.perf_counter(), time.process_time()
    share = mails // relay.connections
    await on_all(share)
    cpu, seconds = time.process_time() - cpu_before, time.perf_counter() - started_at
    await transport.close()
    done = share * relay.connections
    found = {"cpu_us": cpu / done * 1e6, "per_second": done / seconds, "bytes": len(prebuilt.content)}
    print(json.dumps({**found, "connections": relay.connections}))


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))

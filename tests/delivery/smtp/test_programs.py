"""Mail handed to relays that others wrote: Postfix itself, and the load tester that comes with it."""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from couvert.delivery.transport import Refused, Taken, TryLater
from couvert.delivery.transports.smtp import Patience
from tests.delivery.smtp.handing import hand_over, mail, transport_to
from tests.delivery.smtp.programs import free_port, program

# --- smtp-sink --------------------------------------------------------------------------------------------------------


@pytest.fixture
def sink(require):
    """Start smtp-sink with these options; the value is its port."""

    def start(*options: str):
        port = free_port()
        # Started by root, it asks whom to be instead.
        me = ["-u", "nobody"] if os.geteuid() == 0 else []
        return port, program(require("smtp-sink"), *me, *options, f"127.0.0.1:{port}", "100", port=port)

    return start


@pytest.mark.parametrize("options", [[], ["-p"], ["-e"], ["-8"]], ids=["usual", "no pipelining", "no ESMTP", "7 bit"])
async def test_a_thousand_mails_reach_a_relay_over_a_few_connections(sink, options):
    port, running = sink(*options)
    with running:
        async with transport_to(port, Patience(), connections=4) as transport:
            outcomes = await asyncio.gather(*(hand_over(transport) for _ in range(1000)))
    assert all(isinstance(outcome, Taken) for outcome in outcomes)


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "."])
async def test_a_relay_that_defers_or_refuses_at_any_step_is_understood(sink, step):
    for options, expected in [(["-r", step], TryLater), (["-f", step, "-B", "550 5.7.1 No"], Refused)]:
        port, running = sink(*options)
        with running:
            async with transport_to(port, Patience()) as transport:
                assert [type(await hand_over(transport)) for _ in range(3)] == [expected] * 3


# --- Postfix ----------------------------------------------------------------------------------------------------------

MAIN = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/state
maillog_file = {home}/mail.log
maillog_file_prefixes = {home}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.test
mydestination =
mynetworks = 127.0.0.0/8
smtpd_recipient_restrictions = permit_mynetworks, reject
default_transport = error:5.7.1 this relay sends nothing on
virtual_mailbox_domains = example.org
virtual_mailbox_maps = inline:{{charlie@example.org=charlie/}}
virtual_mailbox_base = {home}/mail
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
error unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""


@pytest.fixture(scope="module")
def postfix(require) -> Iterator[tuple[int, Path]]:
    """A Postfix of its own, which keeps the mail of one Charlie: its port, and where he finds his mail."""
    postfix = require("postfix")
    if os.geteuid() != 0:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Postfix is started by root only")
    port = free_port()
    # Not below pytest's own directory, which is closed to the user that Postfix becomes.
    with tempfile.TemporaryDirectory(prefix="couvert-postfix-") as name:
        home = Path(name)
        home.chmod(0o755)
        for folder, owner in [("etc", "root"), ("queue", "root"), ("state", "postfix"), ("mail", "nobody")]:
            (home / folder).mkdir()
            shutil.chown(home / folder, owner)
        (home / "etc/main.cf").write_text(MAIN.format(home=home))
        (home / "etc/master.cf").write_text(MASTER.format(port=port))
        with program(postfix, "-c", home / "etc", "start-fg", port=port, pidfile=home / "queue/pid/master.pid"):
            yield port, home / "mail/charlie/new"


@pytest.mark.slow
async def test_postfix_takes_mail_and_delivers_it_as_it_was_given(postfix):
    port, inbox = postfix
    body = b".\r\n..\r\n.a line\r\n" + b"x" * 70 + b"\r\n"
    message = mail(content=b"Subject: Your order\r\nMessage-ID: <1@example.com>\r\n\r\n" + body)
    async with transport_to(port, Patience()) as transport:
        refused = await hand_over(transport, mail("nobody@example.org"))
        taken = await hand_over(transport, message)
    assert isinstance(refused, Refused)
    assert refused.reason.startswith("550 5.1.1 <nobody@example.org>: Recipient address rejected")
    assert isinstance(taken, Taken)
    delivered = _mail_with(f"ESMTP id {taken.provider_id}".encode(), inbox)
    assert delivered.endswith(body.replace(b"\r\n", b"\n"))


@pytest.mark.slow
async def test_postfix_takes_many_mails_over_one_connection(postfix):
    port, _ = postfix
    async with transport_to(port, Patience(), connections=1) as transport:
        outcomes = [await hand_over(transport) for _ in range(50)]
    assert len({outcome.provider_id for outcome in outcomes if isinstance(outcome, Taken)}) == 50


def _mail_with(words: bytes, inbox: Path) -> bytes:
    for _ in range(500):
        for path in inbox.glob("*"):
            if words in (delivered := path.read_bytes()):
                return delivered
        time.sleep(0.02)
    raise AssertionError("the mail was not delivered")

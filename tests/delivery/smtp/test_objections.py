"""A relay that says no: which of its answers counts, for whom, and what the connection is good for afterwards."""

import pytest

from couvert.delivery.transport import Refused, Taken, TryLater
from couvert.delivery.transports.smtp import Patience
from tests.delivery.smtp.handing import hand_over, transport_to
from tests.delivery.smtp.scripted import Peer, outcome_with, scripted


async def test_a_relay_that_refused_the_recipient_and_still_wants_content_gets_a_lone_dot():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.hears(b"DATA\r\n")
        await peer.says(b"250 Ok\r\n550 5.1.1 Unknown\r\n354 Go ahead\r\n")
        assert await peer.hears(b".\r\n") == b".\r\n"
        await peer.says(b"554 No valid recipients\r\n")
        assert (await peer.takes_envelope()).startswith(b"RSET\r\nMAIL FROM:")
        await peer.hears(b"\r\n.\r\n")
        await peer.says(b"250 Ok\r\n")

    async with scripted(relay) as port, transport_to(port) as transport:
        assert await hand_over(transport) == Refused("550 5.1.1 Unknown (in answer to RCPT TO)")
        assert isinstance(await hand_over(transport), Taken)


async def test_a_relay_that_refused_only_the_sender_never_gets_an_empty_mail():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.hears(b"DATA\r\n")
        await peer.says(b"451 4.7.1 Not now\r\n250 Ok\r\n354 Go ahead\r\n")
        assert await peer.hears_nothing_more() == b""

    assert await outcome_with(relay) == TryLater("451 4.7.1 Not now (in answer to MAIL FROM)")


async def test_the_first_objection_is_the_reason():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.hears(b"DATA\r\n")
        await peer.says(b"550 5.7.1 Not from you\r\n503 Sender first\r\n503 Recipient first\r\n")
        assert (await peer.hears(b"DATA\r\n")).startswith(b"RSET\r\n")

    async with scripted(relay) as port, transport_to(port) as transport:
        assert await hand_over(transport) == Refused("550 5.7.1 Not from you (in answer to MAIL FROM)")
        assert isinstance(await hand_over(transport), TryLater)


async def test_a_mail_is_kept_for_later_when_the_relay_wants_a_login_first():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.hears(b"DATA\r\n")
        await peer.says(b"530 5.7.0 Authentication required\r\n503 No\r\n503 No\r\n")
        assert await peer.hears_nothing_more() == b""

    assert await outcome_with(relay) == TryLater("530 5.7.0 Authentication required (in answer to MAIL FROM)")


async def test_a_421_needs_no_further_answers():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.hears(b"DATA\r\n")
        await peer.says(b"421 4.3.2 Shutting down\r\n")
        assert await peer.hears_nothing_more() == b""

    assert await outcome_with(relay, patience=Patience()) == TryLater(
        "421 4.3.2 Shutting down (in answer to MAIL FROM)"
    )


@pytest.mark.parametrize("answer", [b"421 4.3.2 Shutting down\r\n", b""], ids=["421", "a break"])
async def test_a_kept_connection_that_ends_before_its_first_answer_costs_no_waiting(answer):
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_mail()
        await peer.hears(b"DATA\r\n")
        await peer.says(answer)

    async with scripted(relay) as port, transport_to(port) as transport:
        assert isinstance(await hand_over(transport), Taken)
        outcome = await hand_over(transport)
    assert isinstance(outcome, TryLater)
    assert outcome.after_seconds == 0

"""What goes over the wire, byte for byte, and what is made of a relay that keeps to no rule."""

import asyncio

import pytest

from couvert.delivery.transport import Refused, Taken, TryLater, Unknown, Withheld
from tests.delivery.relays import CONTENT, Peer, Word, hand_over, mail, outcome_with, scripted, transport_to

ENVELOPE = b"MAIL FROM:<shop@example.com>\r\nRCPT TO:<charlie@example.org>\r\nDATA\r\n"


async def test_sender_recipient_and_data_leave_together_and_the_content_in_one_write():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        assert await peer.takes_envelope() == ENVELOPE
        assert await peer.hears(b"\r\n.\r\n") == CONTENT + b".\r\n"
        await peer.says(b"250 2.0.0 Ok: queued as 4XyZ\r\n")

    assert await outcome_with(relay) == Taken("4XyZ")


async def test_without_pipelining_each_line_waits_for_its_answer():
    async def relay(peer: Peer) -> None:
        await peer.welcomes()
        for line, answer in zip(ENVELOPE.splitlines(keepends=True), [b"250 Ok", b"251 Ok", b"354 Go"], strict=True):
            assert await peer.hears(b"\r\n") == line
            await peer.says(answer + b"\r\n")
        await peer.hears(b"\r\n.\r\n")
        await peer.says(b"250 Ok\r\n")

    assert await outcome_with(relay) == Taken("Ok")


async def test_size_is_announced_where_the_relay_wants_to_know_it():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING", "SIZE 10240000")
        assert (await peer.takes_envelope()).startswith(b"MAIL FROM:<shop@example.com> SIZE=%d\r\n" % len(CONTENT))
        await peer.hears(b"\r\n.\r\n")
        await peer.says(b"250 Ok\r\n")

    assert isinstance(await outcome_with(relay), Taken)


async def test_a_mail_without_a_sender_says_so():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        assert (await peer.takes_envelope()).startswith(b"MAIL FROM:<>\r\n")

    await outcome_with(relay, mail(sender=""))


@pytest.mark.parametrize(
    "message",
    [mail("žofie@example.org"), mail(sender="žofie@example.org"), mail(content="Subject: č\r\n".encode())],
    ids=["recipient", "sender", "content"],
)
async def test_what_a_relay_of_seven_bits_cannot_take_is_refused_before_a_word_is_said(message):
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        assert await peer.hears_nothing_more() == b"QUIT\r\n"

    assert isinstance(await outcome_with(relay, message), Refused)


async def test_replies_may_come_byte_by_byte_and_over_many_lines():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.hears(b"DATA\r\n")
        for byte in b"250-2.1.0 Sender\r\n250 ok\r\n250-\r\n250-2.1.5 Recipient\r\n250 ok\r\n354-Go\r\n354\r\n":
            await peer.says(bytes([byte]))
        await peer.hears(b"\r\n.\r\n")
        await peer.says(b"250-2.0.0 Ok: queued as 4XyZ\r\n25")
        await peer.says(b"0 bye\r\n")

    assert await outcome_with(relay) == Taken("4XyZ")


# --- Objections -------------------------------------------------------------------------------------------------------


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

    assert await outcome_with(relay) == TryLater("421 4.3.2 Shutting down (in answer to MAIL FROM)")


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


# --- Breaks -----------------------------------------------------------------------------------------------------------


async def test_a_break_before_the_final_dot_is_tried_later():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.hears(b"DATA\r\n")
        await peer.says(b"250 Ok\r\n250 Ok\r\n")
        await peer.resets()

    outcome = await outcome_with(relay)
    assert isinstance(outcome, TryLater)
    assert outcome.reason.endswith("(before it answered DATA)")


async def test_a_refusal_heard_before_a_break_counts():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.hears(b"DATA\r\n")
        await peer.says(b"250 Ok\r\n550 5.1.1 Unknown\r\n")

    assert await outcome_with(relay) == Refused("550 5.1.1 Unknown (in answer to RCPT TO)")


@pytest.mark.parametrize("answer", [b"", b"2", b"250-2.0.0 Ok: queued as 4XyZ\r\n", b"250 Ok"])
async def test_a_break_after_the_final_dot_is_unknown(answer):
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_mail(answer)

    assert await outcome_with(relay) == Unknown("the relay closed the connection (after the whole message had left)")


async def test_an_answer_counts_even_if_the_connection_ends_with_it():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_mail()
        await peer.resets()

    assert await outcome_with(relay) == Taken("4XyZ")


async def test_silence_before_the_final_dot_is_tried_later():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.hears(b"DATA\r\n")
        assert await peer.hears_nothing_more() == b""

    assert await outcome_with(relay) == TryLater("the relay took too long (before it answered MAIL FROM)")


@pytest.mark.parametrize("answer", [b"hello\r\n", b"999\r\n", b"250_Ok\r\n", b"x" * 100_000, b"250-x\r\n" * 10_000])
async def test_nonsense_before_the_final_dot_is_tried_later(answer):
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.hears(b"DATA\r\n")
        peer.writer.write(answer)
        assert await peer.hears_nothing_more() == b""

    assert isinstance(await outcome_with(relay), TryLater)


@pytest.mark.parametrize(
    "answer", [b"hello\r\n", b"354 Go on\r\n", b"150 Wait\r\n", b"x" * 100_000, b"250-x\r\n" * 10_000, b"\xff\x00\n"]
)
async def test_nonsense_after_the_final_dot_is_unknown(answer):
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_mail(answer)
        assert await peer.hears_nothing_more() == b""

    assert isinstance(await outcome_with(relay), Unknown)


@pytest.mark.parametrize("early", [b"250 2.0.0 Ok: queued as 4XyZ\r\n", b"550 No\r\n", b"2"])
async def test_an_answer_to_content_that_was_not_sent_is_no_answer(early):
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.hears(b"DATA\r\n")
        await peer.says(b"250 Ok\r\n250 Ok\r\n354 Go ahead\r\n" + early)
        assert await peer.hears_nothing_more() == b""

    outcome = await outcome_with(relay)
    assert outcome == TryLater("the relay answered what was not asked yet (before the whole message had left)")


# --- Mail larger than a connection holds ------------------------------------------------------------------------------

LARGE = b"Subject: large\r\n\r\n" + (b"x" * 998 + b"\r\n") * 16_000
"""16 MB: more than a kernel buffers for a relay that does not read."""


async def test_a_large_mail_that_stops_on_its_way_is_tried_later():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_envelope()
        await asyncio.sleep(0.4)  # and does not read

    outcome = await outcome_with(relay, mail(content=LARGE))
    assert outcome == TryLater("the relay took too long (before the whole message had left)")


async def test_a_large_mail_that_is_cut_on_its_way_is_tried_later():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_envelope()
        await peer.reader.readexactly(1_000_000)
        await peer.resets()

    outcome = await outcome_with(relay, mail(content=LARGE))
    assert isinstance(outcome, TryLater)
    assert outcome.reason.endswith("(before the whole message had left)")


async def test_a_large_mail_that_is_refused_on_its_way_is_refused():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_envelope()
        await peer.reader.readexactly(1_000_000)
        await peer.says(b"552 5.3.4 Too large\r\n")
        await peer.hears_nothing_more()

    outcome = await outcome_with(relay, mail(content=LARGE))
    assert outcome == Refused("552 5.3.4 Too large (in answer to a part of the content)")


async def test_a_large_mail_whose_lease_is_lost_on_its_way_never_gets_its_final_dot():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_envelope()
        left = await peer.hears_nothing_more()
        assert LARGE.startswith(left)
        assert len(left) < len(LARGE)

    assert isinstance(await outcome_with(relay, mail(content=LARGE), Word(complete=8)), Withheld)


async def test_a_lease_lost_at_the_last_moment_withholds_the_final_dot_alone():
    async def relay(peer: Peer) -> None:
        await peer.welcomes("PIPELINING")
        await peer.takes_envelope()
        assert not (await peer.hears_nothing_more()).endswith(b"\r\n.\r\n")

    content = LARGE[:100_000]
    assert isinstance(await outcome_with(relay, mail(content=content), Word(complete=2)), Withheld)

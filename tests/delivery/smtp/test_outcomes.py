"""A mail handed to a relay: what the relay says and does decides what it becomes, and silence is no answer."""

import pytest

from couvert.delivery.transport import Refused, Taken, TryLater, Unknown, Withheld
from tests.delivery.smtp.acting import Actor, acted
from tests.delivery.smtp.handing import BRIEF, CONTENT, PATIENT, Word, hand_over, mail, transport_to

PIPELINING = pytest.mark.parametrize("offers", [[], ["PIPELINING"]], ids=["step by step", "pipelined"])


@PIPELINING
async def test_a_mail_that_the_relay_took_is_there_as_it_was_given(offers):
    actor = Actor(offers)
    async with acted(actor) as port, transport_to(port) as transport:
        outcome = await hand_over(transport)
    assert outcome == Taken("4XyZ")
    [envelope] = actor.arrived
    assert (envelope.mail_from, envelope.rcpt_tos) == ("shop@example.com", ["charlie@example.org"])
    assert envelope.content == CONTENT


@PIPELINING
@pytest.mark.parametrize(
    ("recipient", "outcome"),
    [
        ("refused@example.org", Refused("550 5.1.1 No such user here (in answer to RCPT TO)")),
        ("deferred@example.org", TryLater("450 4.2.0 Greylisted (in answer to RCPT TO)")),
        ("spam@example.org", Refused("554 5.7.1 Spam (in answer to the end of data)")),
        ("full@example.org", TryLater("452 4.3.1 Disk full (in answer to the end of data)")),
        ("gone@example.org", TryLater("the relay closed the connection (before it answered RCPT TO)")),
        ("lost@example.org", Unknown("the relay closed the connection (after the whole message had left)")),
        ("timeout@example.org", Unknown("the relay took too long (after the whole message had left)")),
    ],
)
async def test_an_outcome_carries_the_relays_own_words(offers, recipient, outcome):
    actor = Actor(offers)
    patience = BRIEF if recipient == "timeout@example.org" else PATIENT
    async with acted(actor) as port, transport_to(port, patience) as transport:
        assert await hand_over(transport, mail(recipient)) == outcome
    assert not actor.arrived or isinstance(outcome, Unknown)


@PIPELINING
@pytest.mark.parametrize("recipient", ["refused@example.org", "deferred@example.org", "spam@example.org"])
async def test_after_a_no_the_same_connection_takes_the_next_mail(offers, recipient):
    actor = Actor(offers)
    async with acted(actor) as port, transport_to(port) as transport:
        for _ in range(3):
            assert not isinstance(await hand_over(transport, mail(recipient)), Taken)
            assert isinstance(await hand_over(transport), Taken)
    assert (actor.sessions, len(actor.arrived)) == (1, 3)


@PIPELINING
async def test_a_mail_withheld_before_the_first_byte_leaves_the_connection_for_the_next(offers):
    actor = Actor(offers)
    async with acted(actor) as port, transport_to(port) as transport:
        assert isinstance(await hand_over(transport, word=Word(begin=0)), Withheld)
        assert isinstance(await hand_over(transport), Taken)
    assert (actor.sessions, len(actor.arrived)) == (1, 1)


@PIPELINING
async def test_a_mail_withheld_before_its_content_never_arrives(offers):
    actor = Actor(offers)
    async with acted(actor) as port, transport_to(port) as transport:
        assert isinstance(await hand_over(transport, word=Word(complete=0)), Withheld)
        assert isinstance(await hand_over(transport, mail("next@example.org")), Taken)
    assert [envelope.rcpt_tos for envelope in actor.arrived] == [["next@example.org"]]


@PIPELINING
@pytest.mark.parametrize(
    "content",
    [b".\r\n", b"\r\n.\r\n", b"..\r\n.a\r\n", b".\r\n.\r\n.\r\n", b"a\r\n" * 40_000, b".\r\n" * 60_000],
    ids=["a dot", "a line and a dot", "dots", "only dots", "large", "large dots"],
)
async def test_dots_and_sizes_do_not_change_a_mail(offers, content):
    actor = Actor(offers)
    async with acted(actor) as port, transport_to(port) as transport:
        assert await hand_over(transport, mail(content=content)) == Taken("4XyZ")
        assert await hand_over(transport) == Taken("4XyZ")
    assert [envelope.content for envelope in actor.arrived] == [content, CONTENT]


async def test_a_last_line_without_an_end_gets_one():
    actor = Actor()
    async with acted(actor) as port, transport_to(port) as transport:
        assert await hand_over(transport, mail(content=b"Subject: a\r\n\r\nb")) == Taken("4XyZ")
    assert actor.arrived[0].content == b"Subject: a\r\n\r\nb\r\n"


async def test_addresses_and_content_beyond_ascii_arrive_where_the_relay_takes_them():
    actor = Actor()
    async with acted(actor) as port, transport_to(port) as transport:
        message = mail("žofie@example.org", content="Subject: č\r\n\r\n".encode())
        assert await hand_over(transport, message) == Taken("4XyZ")
    assert actor.arrived[0].rcpt_tos == ["žofie@example.org"]
    assert actor.arrived[0].mail_options == [f"SIZE={len(message.content)}", "BODY=8BITMIME", "SMTPUTF8"]


async def test_a_mail_too_large_for_the_relay_is_refused_before_anything_is_said():
    actor = Actor()
    async with acted(actor, data_size_limit=100) as port, transport_to(port) as transport:
        outcome = await hand_over(transport, mail(content=b"a" * 101))
    assert outcome == Refused("the message has 101 bytes, and the relay takes 100 at most", was_asked=False)


@pytest.mark.parametrize("address", ["a@b>\r\nRCPT TO:<c@d", "a b@c.de", "a@b\n", "a\x00@b", "a@b> NOTIFY=NEVER", ""])
async def test_an_address_cannot_say_anything_to_the_relay(address):
    actor = Actor()
    async with acted(actor) as port, transport_to(port) as transport:
        assert isinstance(await hand_over(transport, mail(address)), Refused)
        assert isinstance(await hand_over(transport), Taken)
    assert len(actor.arrived) == 1

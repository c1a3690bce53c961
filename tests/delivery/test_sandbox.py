"""The sandbox keeps mail at home, and some addresses act out what providers do."""

import asyncio

import pytest

from couvert.delivery.transport import Refused, Taken, TryLater, Unknown
from couvert.delivery.transports.sandbox import SandboxTransport
from tests.delivery.shelf import Shelf
from tests.delivery.smtp.handing import hand_over, mail


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def transport(shelf: Shelf) -> SandboxTransport:
    return SandboxTransport(shelf, slow_seconds=0.05)


async def test_mail_to_anybody_is_kept_as_it_would_have_left(transport, shelf):
    assert isinstance(await hand_over(transport, mail("anybody@example.com", b"hello\r\n")), Taken)
    assert [(message.recipient, message.content) for message in shelf.kept] == [("anybody@example.com", b"hello\r\n")]


@pytest.mark.parametrize(
    ("role", "outcome", "kept", "reports"),
    [
        ("bounced", Taken, 1, ["bounced"]),
        ("complained", Taken, 1, ["delivered", "complained"]),
        ("throttled", TryLater, 0, []),
        ("refused", Refused, 0, []),
        ("timeout", Unknown, 0, []),
        ("delayed", Taken, 1, []),
    ],
)
async def test_a_role_is_acted_out_to_its_end(transport, shelf, role, outcome, kept, reports):
    assert type(await hand_over(transport, mail(f"{role}@sandbox.test"))) is outcome
    await transport.close()
    assert len(shelf.kept) == kept
    assert [kind for _, kind, _ in shelf.reports] == reports


async def test_roles_are_played_in_the_sandboxs_own_domain_only(transport, shelf):
    assert isinstance(await hand_over(transport, mail("refused@example.com")), Taken)


async def test_a_delayed_answer_holds_up_nobody_else(transport):
    slow = asyncio.create_task(hand_over(transport, mail("delayed@sandbox.test")))
    await asyncio.sleep(0)
    assert isinstance(await hand_over(transport, mail("anybody@example.com")), Taken)
    assert not slow.done()
    assert isinstance(await slow, Taken)


async def test_what_cannot_be_kept_was_not_taken(transport, shelf):
    shelf.is_full = True
    assert isinstance(await hand_over(transport, mail("anybody@example.com")), TryLater)

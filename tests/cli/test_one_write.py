"""A small answer leaves in one piece; whatever else is written leaves no later than the event loop's turn."""

import asyncio

import pytest

from couvert.cli.one_write import SMALL, OneWrite

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"


class Wire(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.left: list[bytes] = []

    def write(self, data):
        self.left.append(bytes(data))

    def close(self):
        self.left.append(b"closed")

    def is_closing(self):
        return b"closed" in self.left


@pytest.fixture
def wire() -> Wire:
    return Wire()


async def test_head_and_body_leave_together(wire):
    transport = OneWrite(wire)

    for _ in range(2):
        transport.write(HEAD)
        transport.write(b'"OK"')

    assert wire.left == [HEAD + b'"OK"'] * 2


async def test_a_head_whose_body_comes_later_does_not_wait_for_it(wire):
    transport = OneWrite(wire)

    transport.write(HEAD)
    await asyncio.sleep(0)
    transport.write(b"event: mail\n\n")
    await asyncio.sleep(0)

    assert wire.left == [HEAD, b"event: mail\n\n"]


async def test_a_large_body_is_not_copied(wire):
    transport = OneWrite(wire)

    transport.write(HEAD)
    transport.write(b"x" * (SMALL + 1))

    assert wire.left == [HEAD, b"x" * (SMALL + 1)]


async def test_an_interim_answer_leaves_before_the_final_one(wire):
    transport = OneWrite(wire)
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"

    transport.write(interim)
    transport.write(HEAD)
    transport.write(b'"OK"')

    assert b"".join(wire.left) == interim + HEAD + b'"OK"'


async def test_what_is_held_leaves_before_the_connection_is_closed(wire):
    transport = OneWrite(wire)

    transport.write(HEAD)
    transport.close()
    await asyncio.sleep(0)

    assert wire.left == [HEAD, b"closed"]
    assert transport.is_closing()

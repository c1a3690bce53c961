"""One message handed over: what each answer, and each silence, means at the point where it comes."""

from __future__ import annotations

from collections.abc import Iterator

from couvert.delivery.transport import Clearance, Message, Outcome, Refused, Taken, TryLater, Unknown, Withheld
from couvert.delivery.transports.smtp.classify import (
    CONTENT,
    DATA,
    END,
    MAIL,
    RCPT,
    RESET,
    Objection,
    ends_the_session,
    is_assent,
    objection,
    verdict,
)
from couvert.delivery.transports.smtp.envelope import dot_stuffed, hindrance_or_none, mail_from, rcpt_to
from couvert.delivery.transports.smtp.relay import Patience
from couvert.delivery.transports.smtp.reply import Reply
from couvert.delivery.transports.smtp.session import Broken, Dialogue, Say, Session, Unsaid

BLOCK = 65_536
"""Content above this leaves in blocks, each once the one before has left, and the final dot by itself."""


def transaction(message: Message, session: Session, clearance: Clearance, patience: Patience) -> Dialogue[Outcome]:
    """Hand over one message. A break before the write of the final dot means *try later*, from then on *unknown*."""
    if hindrance := hindrance_or_none(message, session.offers):
        return Refused(hindrance, was_asked=False)
    commands = _commands(message, session)
    if not clearance.may_begin():
        return Withheld("the time to begin was over before the first byte")
    session.transactions += 1
    session.needs_reset = True
    outcome = yield from _envelope(commands, session, patience)
    if outcome is None:
        outcome = yield from _content(message, session, clearance, patience)
    session.needs_reset = not isinstance(outcome, Taken)
    return outcome


def _commands(message: Message, session: Session) -> dict[str, bytes]:
    commands = {MAIL: mail_from(message, session.offers), RCPT: rcpt_to(message), DATA: b"DATA\r\n"}
    return {RESET: b"RSET\r\n"} | commands if session.needs_reset else commands


def _envelope(commands: dict[str, bytes], session: Session, patience: Patience) -> Dialogue[Outcome | None]:
    """Say the commands, in one write if the relay takes that, and judge the answers; None if it wants the content."""
    steps, lines = list(commands), list(commands.values())
    writes = [(b"".join(lines), len(lines))] if session.offers.pipelining else [(line, 1) for line in lines]
    heard: list[Reply] = []
    try:
        for line, replies in writes:
            heard += yield Say(line, patience.reply, replies)
            if not is_assent(steps[len(heard) - 1], heard[-1]):
                break
    except Broken as broken:
        heard += broken.heard
        return _objection_or_none(steps, heard, session) or _broken_off(broken, steps, heard, session)
    outcome = _objection_or_none(steps, heard, session)
    if outcome is not None and len(heard) == len(steps) and not session.is_over:
        yield from _without_content(heard, session, patience)
    return outcome


def _objection_or_none(steps: list[str], heard: list[Reply], session: Session) -> Objection | None:
    """The first objection decides; a relay answers what follows it with "bad sequence of commands"."""
    for step, reply in zip(steps, heard, strict=False):
        if not is_assent(step, reply):
            session.is_over = ends_the_session(step, reply)
            return objection(step, reply, _pause(session) if reply.code == 421 and len(heard) == 1 else None)
    return None


def _broken_off(broken: Broken, steps: list[str], heard: list[Reply], session: Session) -> TryLater:
    return TryLater(f"{broken} (before it answered {steps[len(heard)]})", None if heard else _pause(session))


def _pause(session: Session) -> float | None:
    """No pause where a kept connection ended before it answered anything: that is usual, and another one will do."""
    return 0.0 if session.transactions > 1 else None


def _without_content(heard: list[Reply], session: Session, patience: Patience) -> Dialogue[None]:
    """If the relay waits for content although it objected, end that with a lone dot, unless somebody would get that."""
    *_, recipient, content = heard
    if not is_assent(DATA, content):
        return
    if is_assent(RCPT, recipient):
        session.is_over = True
        return
    try:
        yield Say(b".\r\n", patience.reply)
    except Broken:
        return  # what was decided stands


def _content(message: Message, session: Session, clearance: Clearance, patience: Patience) -> Dialogue[Outcome]:
    stuffed = dot_stuffed(message.content)
    if len(stuffed) > BLOCK:
        for block in _blocks(stuffed):
            outcome = yield from _pour(block, session, clearance, patience)
            if outcome is not None:
                return outcome
        stuffed = b""
    if not clearance.may_complete():
        return _withhold(session)
    try:
        [reply] = yield Say(stuffed + b".\r\n", patience.verdict)
    except Unsaid as broken:
        return TryLater(f"{broken} (before the whole message had left)")
    except Broken as broken:
        return Unknown(f"{broken} (after the whole message had left)")
    session.is_over = ends_the_session(END, reply)
    return verdict(reply, message.message_id)


def _blocks(stuffed: bytes) -> Iterator[bytes]:
    return (stuffed[start : start + BLOCK] for start in range(0, len(stuffed), BLOCK))


def _pour(block: bytes, session: Session, clearance: Clearance, patience: Patience) -> Dialogue[Outcome | None]:
    """Let one block leave; None if the next may follow. Whatever happens here, the relay has no whole message yet."""
    if not clearance.may_complete():
        return _withhold(session)
    try:
        heard = yield Say(block, patience.verdict, pours=True)
    except Broken as broken:
        return TryLater(f"{broken} (before the whole message had left)")
    if not heard:
        return None
    session.is_over = True
    return objection(CONTENT, heard[0])


def _withhold(session: Session) -> Withheld:
    """Only content could be said now, and it may not be: the connection is dropped in the middle of the message."""
    session.is_over = True
    return Withheld("the lease was lost before the whole message had left")

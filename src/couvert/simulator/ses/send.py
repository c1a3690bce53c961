"""SendEmail: judged in the order in which SES judges, taken, and what its answer meets on the way back."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import msgspec

from couvert.simulator.errors import OF_STATUS, AwsError, rest_answer
from couvert.simulator.exchange import Cut, Outcome, Reply, Request, json_answer
from couvert.simulator.faults import ErrorFault
from couvert.simulator.ids import message_id
from couvert.simulator.mails import Mail
from couvert.simulator.notices.plan import MAILBOX_SIMULATOR
from couvert.simulator.ses.addresses import bare, check_addresses
from couvert.simulator.ses.headers import check_added, check_headers
from couvert.simulator.ses.letter import Letter, Simple, head_of
from couvert.simulator.ses.tags import tags_of

if TYPE_CHECKING:
    from couvert.simulator.world import World

LONGEST_MESSAGE_BYTES: Final = 41_943_040

_decode: Final = msgspec.json.Decoder(Letter).decode


def send_email(world: World, request: Request) -> Reply:
    faults = world.faults
    if faults.cut_after_body.strikes():
        return Cut()
    outcome = _outcome(world, request)
    seconds = faults.slowness_seconds()
    return _after(seconds, outcome) if seconds else outcome


async def _after(seconds: float, outcome: Outcome) -> Outcome:
    await asyncio.sleep(seconds)
    return outcome


def _outcome(world: World, request: Request) -> Outcome:
    error = world.faults.error()
    if error is not None and not error.accepts:
        return rest_answer(_error(error))
    mail = _judged(world, _letter(request.body))
    world.take(mail)
    if error is not None:
        return rest_answer(_error(error))
    if world.faults.lose_answer.strikes():
        return Cut()
    return json_answer({"MessageId": mail.message_id})


def _error(fault: ErrorFault) -> AwsError:
    error_type = fault.type or OF_STATUS.get(fault.status or 500, "InternalFailure")
    return AwsError(error_type, fault.message, fault.status)


def _letter(body: bytes) -> Letter:
    try:
        return _decode(body)
    except msgspec.DecodeError as wrong:
        raise AwsError("BadRequestException", str(wrong)) from None


def _judged(world: World, letter: Letter) -> Mail:
    """The mail that the call makes, or why there is none."""
    if world.faults.suspended:
        raise AwsError("AccountSuspendedException")
    if world.faults.paused:
        raise AwsError("SendingPausedException")
    sender, recipients = letter.sender(), letter.recipients()
    _check_content(letter)
    check_addresses(sender, recipients, letter.reply_to_addresses)
    tags = tags_of(letter.email_tags)
    world.setup.check_verified(bare(sender))
    if world.faults.sandbox:
        _check_recipients(world, recipients)
    if world.faults.mail_from_unverified:
        raise AwsError("MailFromDomainNotVerifiedException")
    configuration_set = world.setup.configuration_set_of(letter.configuration_set_name, bare(sender))
    world.setup.check_tenant(letter.tenant_name)
    world.pace(len(recipients))
    return Mail(
        message_id(), time.time(), sender, recipients, tags, configuration_set, letter.tenant_name, letter
    )  # fmt: skip


def _check_recipients(world: World, recipients: list[str]) -> None:
    for address in map(bare, recipients):
        if not address.lower().endswith(f"@{MAILBOX_SIMULATOR}"):
            world.setup.check_verified(address)


def _check_content(letter: Letter) -> None:
    if letter.content.template is not None:
        raise AwsError("BadRequestException", "The simulator has no templates: send Simple or Raw content.")
    if (letter.content.simple is None) == (letter.content.raw is None):
        raise AwsError("BadRequestException", "Content must hold one of Simple and Raw.")
    raw = letter.content.raw
    if raw is not None and not raw.data:
        raise AwsError("BadRequestException", "Missing required parameter: Content.Raw.Data")
    if raw is not None:
        _check_length(raw.data)
        check_headers(head_of(raw.data))
    if letter.content.simple is not None:
        _check_composed(letter, letter.content.simple)


def _check_composed(letter: Letter, simple: Simple) -> None:
    """Before it is taken: whoever reads the mail afterwards, as notices do, composes it anew."""
    if simple.attachments:
        raise AwsError("BadRequestException", "The simulator attaches nothing to Simple content: send Raw content.")
    check_added(simple.headers)
    try:
        message = letter.message()
    except Exception as wrong:  # noqa: BLE001 - a ValueError about ends of lines; over addresses it stumbles in any way
        raise AwsError("BadRequestException", f"No message can be made of the content: {wrong}") from None
    _check_length(message)


def _check_length(message: bytes) -> None:
    if len(message) > LONGEST_MESSAGE_BYTES:
        words = f"Message length is more than {LONGEST_MESSAGE_BYTES} bytes long: '{len(message)}'."
        raise AwsError("BadRequestException", words)

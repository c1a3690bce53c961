"""What a test asks of the simulator: which faults to have, and what it took."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import msgspec

from couvert.simulator.errors import AwsError
from couvert.simulator.exchange import Reply, Request, json_answer
from couvert.simulator.faults import Faults
from couvert.simulator.mails import Mail, by_second, most_in_any_second

if TYPE_CHECKING:
    from couvert.simulator.world import World


def state(world: World, _: Request) -> Reply:
    taken = world.mails.taken
    return json_answer(
        {
            "url": world.url,
            "mails": len(taken),
            "recipients": world.mails.copies.total(),
            "rate": world.rate,
            "burst": world.burst,
            "dailyQuota": world.quota.most,
            "noticesPublished": world.publisher.published,
            "noticesWaiting": world.publisher.waiting() + world.sns.waiting(),
            "topics": list(world.sns.topics.by_arn),
            "queues": {queue.name: queue.url for queue in world.queues.by_name.values()},
        }
    )


def faults(world: World, _: Request) -> Reply:
    return json_answer(world.faults)


def put_faults(world: World, request: Request) -> Reply:
    """Those named are set, all others end."""
    try:
        world.change(msgspec.json.decode(request.body or b"{}", type=Faults))
    except msgspec.DecodeError as wrong:
        raise AwsError("BadRequestException", f"{wrong}. docs/simulator.md lists the faults.") from None
    return json_answer(world.faults)


def mails(world: World, request: Request) -> Reply:
    """`?recipient=` `?messageId=` `?limit=` (the newest) `?messages=false` (without their text)."""
    wanted = request.query
    found = [mail for mail in world.mails.taken if _is_wanted(mail, wanted)]
    if "limit" in wanted:
        found = found[-_number(wanted, "limit") :]
    with_message = wanted.get("messages") != "false"
    return json_answer({"mails": [_shown(mail, with_message=with_message) for mail in found]})


def _is_wanted(mail: Mail, wanted: dict[str, str]) -> bool:
    return wanted.get("recipient") in {None, *mail.recipients} and wanted.get("messageId") in {None, mail.message_id}


def _number(wanted: dict[str, str], name: str) -> int:
    if not wanted[name].isdigit() or wanted[name] == "0":
        raise AwsError("BadRequestException", f"{name} is a number from 1 on.")
    return int(wanted[name])


def _shown(mail: Mail, *, with_message: bool) -> dict[str, Any]:
    shown = {
        "messageId": mail.message_id,
        "at": mail.taken_at,
        "sender": mail.sender,
        "recipients": mail.recipients,
        "tags": mail.tags,
        "configurationSet": mail.configuration_set,
        "tenant": mail.tenant,
    }
    if with_message:
        shown["message"] = None if mail.letter is None else b64encode(mail.letter.message()).decode()
    return shown


def copies(world: World, _: Request) -> Reply:
    """How many mails each recipient got."""
    return json_answer(world.mails.copies)


def rates(world: World, _: Request) -> Reply:
    """Recipients in each second, and the most in any window of one second, wherever it begins."""
    shown: dict[str, Any] = {"rate": world.rate}
    for name, times in {"asked": world.rates.asked, "passed": world.rates.passed}.items():
        seconds = [{"second": second, "recipients": sent} for second, sent in by_second(times).items()]
        total = sum(recipients for _, recipients in times)
        shown[name] = {"total": total, "mostInAnySecond": most_in_any_second(times), "seconds": seconds}
    return json_answer(shown)


def reset(world: World, _: Request) -> Reply:
    """Everything as at the start: no mails, and the faults of the command line."""
    world.reset()
    world.subscribe()
    return json_answer({})

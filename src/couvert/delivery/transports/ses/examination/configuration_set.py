"""Whether SES publishes what becomes of mail: the configuration set, its event destinations, the kinds of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from couvert.delivery.aws import NotThere
from couvert.delivery.transports.ses.examination.told import Told

NEEDED: Final = ("SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "REJECT", "DELIVERY_DELAY", "RENDERING_FAILURE")


async def configuration_sets(told: Told) -> None:
    named = told.options.configuration_set
    names = [named] if named else sorted(told.default_sets)
    if not names:
        told.wrong(
            "events",
            "no configuration set is named, so SES tells nobody what becomes of mail, and what is unknown stays so: "
            "make one and name it, COUVERT_TRANSPORT=ses://REGION?configuration_set=NAME",
        )
    for name in names:
        await _look_at(told, name)


async def _look_at(told: Told, name: str) -> None:
    try:
        said = await told.aws.ask("sesv2", "GetConfigurationSet", ConfigurationSetName=name)
    except NotThere:
        told.wrong("events", f"the configuration set {name} does not exist, so no mail is taken: create it")
        return
    if not said.get("SendingOptions", {}).get("SendingEnabled", True):
        advice = f"aws sesv2 put-configuration-set-sending-options --configuration-set-name {name} --sending-enabled"
        told.wrong("sending", f"is switched off for the configuration set {name}; {advice}")
    found = await told.aws.ask("sesv2", "GetConfigurationSetEventDestinations", ConfigurationSetName=name)
    _judge(told, name, topics_of(found.get("EventDestinations") or ()))


def topics_of(destinations: Sequence[Mapping[str, Any]]) -> dict[str, set[str]]:
    """The topics that get anything, and which events."""
    topics: dict[str, set[str]] = {}
    for one in destinations:
        topic = (one.get("SnsDestination") or {}).get("TopicArn")
        if topic and one.get("Enabled"):
            topics.setdefault(topic, set()).update(one.get("MatchingEventTypes") or ())
    return topics


def _judge(told: Told, name: str, topics: Mapping[str, set[str]]) -> None:
    told.topics.update(topics)
    missing = [kind for kind in NEEDED if not any(kind in kinds for kinds in topics.values())]
    if not topics:
        sentence = f"the configuration set {name} publishes to no SNS topic"
        told.wrong("events", f"{sentence}: give it an event destination with {', '.join(NEEDED)}, and switch it on")
    elif missing:
        sentence = f"the configuration set {name} does not tell of {', '.join(missing)}"
        told.wrong("events", f"{sentence}: add them to its event destination")
    else:
        told.well("events", f"the configuration set {name} tells {', '.join(sorted(topics))} of all that we need")

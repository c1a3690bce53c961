"""Whether SES has verified whom mail comes from: mail of one that it has not waits, and gets in the way of others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from couvert.delivery.aws import Answer, NotThere
from couvert.delivery.transports.ses.examination.told import Told

NAMED: Final = 3
ASKED: Final = 10
"""Identities that are asked about one by one, at most: SES answers one such call a second."""


async def senders(told: Told) -> None:
    listed = await told.aws.ask_all("sesv2", "ListEmailIdentities", "EmailIdentities", PageSize=1000)
    verified = {str(one["IdentityName"]).lower() for one in listed if _is_verified(one)}
    if not told.around.senders:
        _without_any(told, verified)
        return
    chosen = {sender: identity_of(sender, verified) for sender in told.around.senders}
    unlisted = [sender for sender, identity in chosen.items() if identity is None]
    # What is not in the list may be verified all the same where it is an account of others that lends its identity.
    missing = [sender for n, sender in enumerate(unlisted) if n >= ASKED or not await _is_known(told, sender)]
    _judge(told, chosen, missing, verified)
    await _look_closer(told, sorted({identity for identity in chosen.values() if identity})[:ASKED])


def identity_of(sender: str, verified: Iterable[str]) -> str | None:
    """The verified identity that stands for a sender: the address, its domain, or a domain above."""
    names = set(verified)
    return next((name for name in _candidates(sender) if name in names), None)


def _candidates(sender: str) -> list[str]:
    plain = sender.lower().removeprefix("*.")
    labels = plain.rpartition("@")[2].split(".")
    return [plain, *(".".join(labels[index:]) for index in range(len(labels)))]


def _is_verified(identity: Mapping[str, Any]) -> bool:
    return identity.get("VerificationStatus") == "SUCCESS" and bool(identity.get("SendingEnabled", True))


def _without_any(told: Told, verified: set[str]) -> None:
    if verified:
        told.well("senders", f"nobody has sent yet; verified are {_shown(sorted(verified))}")
    else:
        told.note("senders", "nobody has sent yet, and SES lists no verified identity: verify your domain there")


async def _is_known(told: Told, sender: str) -> bool:
    try:
        said = await told.aws.ask("sesv2", "GetEmailIdentity", EmailIdentity=sender.lower().removeprefix("*."))
    except NotThere:
        return False
    return bool(said.get("VerifiedForSendingStatus"))


def _judge(told: Told, chosen: Mapping[str, str | None], missing: Sequence[str], verified: set[str]) -> None:
    for sender in [each for each in missing if "@" not in each and _has_addresses(each, verified)]:
        sentence = f"only some addresses of {sender} are verified, though keys allow all of them"
        told.note("senders", f"{sentence}: verify the domain, or name the addresses")
    unknown = [sender for sender in missing if "@" in sender or not _has_addresses(sender, verified)]
    if unknown:
        sentence = f"SES has not verified {_shown(unknown)}, so mail from there waits"
        told.wrong("senders", f"{sentence}: verify their domains, or take them from the keys that allow them")
    elif not missing:
        told.well("senders", f"{_shown(list(chosen))}: verified")


def _has_addresses(sender: str, verified: set[str]) -> bool:
    domain = sender.lower().removeprefix("*.")
    return any(name.endswith(f"@{domain}") for name in verified)


async def _look_closer(told: Told, identities: Sequence[str]) -> None:
    for name in identities:
        said = await told.aws.ask("sesv2", "GetEmailIdentity", EmailIdentity=name)
        if default := said.get("ConfigurationSetName"):
            told.default_sets.add(str(default))
        _judge_identity(told, name, said)


def _judge_identity(told: Told, name: str, said: Answer) -> None:
    mail_from = said.get("MailFromAttributes", {})
    status = mail_from.get("MailFromDomainStatus", "SUCCESS")
    if status != "SUCCESS" and mail_from.get("BehaviorOnMxFailure") == "REJECT_MESSAGE":
        sentence = f"the MAIL FROM domain {mail_from.get('MailFromDomain')} of {name} is not verified ({status})"
        told.wrong("senders", f"{sentence}, so its mail is not taken: correct its MX record")
    dkim = said.get("DkimAttributes", {}).get("Status", "SUCCESS")
    if said.get("IdentityType") != "EMAIL_ADDRESS" and dkim != "SUCCESS":
        told.note("senders", f"mail from {name} is not signed (DKIM: {dkim}), and so often taken for spam")


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")

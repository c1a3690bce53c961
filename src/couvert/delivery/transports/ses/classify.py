"""What an answer of SES means for the message, and for all others: the one table of its errors."""

from __future__ import annotations

import re
from typing import Final, Literal, assert_never

from couvert.delivery.transport import Held, Message, Outcome, Refused, Taken, Throttled, TryLater, Unknown
from couvert.delivery.transports.ses.reply import Reply

Meaning = Literal["later", "throttled", "hold", "hold sender", "refused", "unknown"]

BY_TYPE: Final[dict[str, Meaning]] = {
    # More than the account may send in a second, or than SES's API wants to hear.
    "TooManyRequestsException": "throttled",
    "TooManyRequests": "throttled",
    "ThrottlingException": "throttled",
    "Throttling": "throttled",
    "ThrottledException": "throttled",
    "RequestLimitExceeded": "throttled",
    "RequestThrottled": "throttled",
    "SlowDown": "throttled",
    # Nothing of ours is taken until somebody, or midnight, has put it right.
    "AccountSuspendedException": "hold",
    "SendingPausedException": "hold",
    "AccountSendingPausedException": "hold",
    "ConfigurationSetSendingPausedException": "hold",
    "LimitExceededException": "hold",
    "MailFromDomainNotVerifiedException": "hold sender",
    "NotFoundException": "hold",  # the configuration set or the tenant of the settings
    # The same for credentials, rights and a clock that is wrong.
    "AccessDeniedException": "hold",
    "AccessDenied": "hold",
    "UnrecognizedClientException": "hold",
    "InvalidClientTokenId": "hold",
    "SignatureDoesNotMatch": "hold",
    "InvalidSignatureException": "hold",
    "IncompleteSignature": "hold",
    "IncompleteSignatureException": "hold",
    "MissingAuthenticationToken": "hold",
    "MissingAuthenticationTokenException": "hold",
    "ExpiredToken": "hold",
    "ExpiredTokenException": "hold",
    "RequestExpired": "hold",
    "OptInRequired": "hold",
    # This message, whenever it is sent.
    "MessageRejected": "refused",
    "BadRequestException": "refused",
    "ValidationException": "refused",
    "InvalidParameterValue": "refused",
}
BY_STATUS: Final[dict[int, Meaning]] = {
    401: "hold",
    403: "hold",
    404: "hold",  # no such call: the endpoint is not SES
    408: "later",  # the request did not arrive in time, and so not as a whole
    429: "throttled",
    503: "throttled",
}
"""Where the type says nothing. Of the rest 4xx is refused, 3xx a wrong endpoint, and 5xx proves nothing."""

_QUOTA: Final = re.compile(r"daily\b.*\bquota", re.IGNORECASE)
_RATE: Final = re.compile(r"\brate\b.*\bexceeded", re.IGNORECASE)
_NOT_VERIFIED: Final = re.compile(r"not verified", re.IGNORECASE)
_FAILED_IDENTITIES: Final = re.compile(r"failed the check in region \S+: (?P<identities>.+)", re.IGNORECASE)
_BETWEEN_IDENTITIES: Final = re.compile(r"[\s,<>]+")


def outcome(reply: Reply, message: Message) -> Outcome:
    if 200 <= reply.status < 300:
        provider_id = reply.said.get("MessageId")
        return Taken(provider_id) if isinstance(provider_id, str) and provider_id else _no_answer(reply)
    meaning = _meaning(reply, message)
    match meaning:
        case "later":
            return TryLater(str(reply))
        case "throttled":
            return Throttled(str(reply), _after_seconds(reply))
        case "hold":
            return Held(str(reply))
        case "hold sender":
            return Held(str(reply), is_of_sender=True)
        case "refused":
            return Refused(str(reply))
        case "unknown":
            return _no_answer(reply)
        case _:
            assert_never(meaning)


def _meaning(reply: Reply, message: Message) -> Meaning:
    if reply.status >= 500:
        return BY_STATUS.get(reply.status, "unknown")
    if _QUOTA.search(reply.words):
        return "hold"
    meaning = BY_TYPE.get(reply.error_type)
    if reply.error_type == "MessageRejected" and _is_for_an_unverified_sender(reply.words, message):
        return "hold sender"
    if reply.error_type == "LimitExceededException" and _RATE.search(reply.words):
        return "throttled"
    return meaning or BY_STATUS.get(reply.status) or ("refused" if reply.status >= 400 else "hold")


def _is_for_an_unverified_sender(words: str, message: Message) -> bool:
    """While an account is in SES's sandbox its recipients must be verified, too: that refuses only their mails."""
    if not _NOT_VERIFIED.search(words):
        return False
    found = _FAILED_IDENTITIES.search(words)
    # As a whole: one address may end with another, and a recipient's must not stop all mail.
    return found is None or message.sender.lower() in _BETWEEN_IDENTITIES.split(found["identities"].lower())


def _no_answer(reply: Reply) -> Unknown:
    return Unknown(f"{reply} (which is neither yes nor no)")


def _after_seconds(reply: Reply) -> float | None:
    written = reply.headers.get("retry-after", "")
    return float(written) if written.isascii() and written.isdecimal() else None

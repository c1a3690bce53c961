"""Stored events have names of their own: renaming a class never rewrites history.

The log holds a small integer for the name and the event's fields as JSON. A field that was added later has a default;
any other change of meaning gets a new name and an upcaster from the old one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import msgspec

from couvert.domain import delivery_events as delivery, key, mail, suppression, token, user, webhook
from couvert.store.log import Event

STORED: Final[dict[int, tuple[str, type[Event]]]] = {
    1: ("mail.accepted.v1", mail.MailAccepted),
    2: ("delivery.begun.v1", delivery.Begun),
    3: ("delivery.released.v1", delivery.Released),
    4: ("delivery.deferred.v1", delivery.Deferred),
    5: ("delivery.sent.v1", delivery.Sent),
    6: ("delivery.failed.v1", delivery.Failed),
    7: ("delivery.unknown.v1", delivery.OutcomeUnknown),
    8: ("delivery.requeued.v1", delivery.Requeued),
    9: ("delivery.delivered.v1", delivery.Delivered),
    10: ("delivery.bounced.v1", delivery.Bounced),
    11: ("delivery.complained.v1", delivery.Complained),
    12: ("delivery.expired.v1", delivery.Expired),
    13: ("delivery.cancelled.v1", delivery.Cancelled),
    14: ("delivery.resolved-as-sent.v1", delivery.ResolvedAsSent),
    20: ("key.created.v1", key.KeyCreated),
    21: ("key.origins-added.v1", key.OriginsAdded),
    22: ("key.deleted.v1", key.KeyDeleted),
    30: ("user.added.v1", user.UserAdded),
    31: ("user.renamed.v1", user.UserRenamed),
    32: ("user.password-set.v1", user.PasswordSet),
    33: ("user.deleted.v1", user.UserDeleted),
    34: ("user.limited.v1", user.UserLimited),
    35: ("user.role-changed.v1", user.UserRoleChanged),
    40: ("token.created.v1", token.TokenCreated),
    41: ("token.edited.v1", token.TokenEdited),
    42: ("token.revoked.v1", token.TokenWithdrawn),
    23: ("key.edited.v1", key.KeyEdited),
    24: ("key.restricted.v1", key.KeyRestricted),
    25: ("key.origins-removed.v1", key.OriginsRemoved),
    50: ("suppression.added.v1", suppression.SuppressionAdded),
    51: ("suppression.changed.v1", suppression.SuppressionChanged),
    52: ("suppression.removed.v1", suppression.SuppressionRemoved),
    53: ("suppression.expired.v1", suppression.SuppressionExpired),
    54: ("delivery.suppressed.v1", delivery.Suppressed),
    60: ("webhook.created.v1", webhook.WebhookCreated),
    61: ("webhook.edited.v1", webhook.WebhookEdited),
    62: ("webhook.secret-rotated.v1", webhook.WebhookSecretRotated),
    63: ("webhook.switched-off.v1", webhook.WebhookSwitchedOff),
    64: ("webhook.deleted.v1", webhook.WebhookDeleted),
    70: ("delivery.confirmed.v1", delivery.Confirmed),
    71: ("delivery.delayed.v1", delivery.Delayed),
}
"""Code -> stored name and today's class. Codes and names are for ever; never reuse one."""

Upcaster = Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]
UPCASTERS: Final[dict[int, Upcaster]] = {}
"""Retired code -> a function that makes a newer code and its fields of the stored fields."""

_CODES: Final = {event_class: code for code, (_, event_class) in STORED.items()}
_encoder = msgspec.json.Encoder()


def encode(event: Event) -> tuple[int, str]:
    """The code and payload to store."""
    return _CODES[type(event)], _encoder.encode(event).decode()


def decode(code: int, payload: str) -> Event:
    """Today's event for what was stored, through as many upcasters as it takes."""
    if code not in UPCASTERS:
        return _decoder(code).decode(payload)
    fields = msgspec.json.decode(payload)
    while code in UPCASTERS:
        code, fields = UPCASTERS[code](fields)
    return msgspec.convert(fields, STORED[code][1])


def name(code: int) -> str:
    """The stored name, such as `delivery.sent.v1`."""
    return STORED[code][0]


def name_of(event: Event) -> str:
    return name(_CODES[type(event)])


@cache
def _decoder(code: int) -> msgspec.json.Decoder[Event]:
    return msgspec.json.Decoder(STORED[code][1])

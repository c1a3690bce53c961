"""What a notice says, in whichever of its forms it came."""

from __future__ import annotations

from couvert.delivery import bounce_mail
from couvert.domain import ids, ses_notices
from couvert.domain.notice_statements import Statement


def statements_of(raw: bytes) -> list[Statement]:
    """Of a mail or of SES's JSON, as it begins. Raises `Unreadable` and `OtherKind`."""
    return ses_notices.read(raw) if raw.lstrip()[:1] in {b"{", b"["} else bounce_mail.read(raw)


def gist_of(raw: bytes) -> tuple[str, str] | None:
    """What a notice says (`bounced`), and the ids of the deliveries that it names, if any; None if it says nothing."""
    try:
        statements = statements_of(raw)
    except Exception:  # noqa: BLE001 - what trips us has failed, or is going to, and keeps no other from being listed
        return None
    subjects = [statement.subject for statement in statements]
    named = [subject.tagged[0] if subject.tagged else subject.delivery_id for subject in subjects]
    deliveries = dict.fromkeys(ids.encode("dlv", one) for one in named if one is not None)
    return " ".join(dict.fromkeys(statement.kind for statement in statements)), " ".join(deliveries)

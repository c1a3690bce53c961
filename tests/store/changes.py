"""Changes as the commands make them, for the tests of the store."""

from hashlib import sha256
from typing import Any

from couvert.domain.delivery import Delivery, State
from couvert.domain.delivery_events import Begun
from couvert.domain.ids import IdSource
from couvert.domain.key import ApiKey, KeyCreated, NamedOrigin
from couvert.domain.mail import BULK, TRANSACTIONAL, MailAccepted, Recipient, References, Sender, born
from couvert.store.changes import Change
from couvert.store.log import Record
from couvert.store.port import Store
from couvert.store.rows import Content, Idempotency, StoredDelivery, StoredKey, StoredRecipient

NOW = 1_800_000_000_000
SECOND, HOUR = 1_000, 3_600_000
WORKER, OTHER = 7, 8
HTML = "<p>Grüße, {{ name }}</p>"


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


def mail(
    ids: IdSource,
    recipients: int = 1,
    *,
    at: int = NOW,
    due_at: int = NOW,
    html: str | None = None,
    poster: int = 0,
    **changes: Any,
) -> Change:
    """An accepted mail; `changes` replace fields of the change."""
    mail_id = ids.block(1 + recipients)
    priority = TRANSACTIONAL if recipients == 1 else BULK
    event = MailAccepted(recipients, priority, due_at, due_at + 24 * HOUR, key_id=poster or None)
    digest = html and sha256(html.encode()).digest()
    everybody = range(1, recipients + 1)
    change = Change(
        at=at,
        records=[Record(mail_id, 0, event)],
        contents=[
            Content(
                mail_id,
                Sender("alice@example.com"),
                "Hello",
                None,
                digest or None,
                None,
                {"code": "ü"},
                References("e-1"),
            )
        ],
        bodies={digest: html} if digest and html else {},
        new_recipients=[
            StoredRecipient(mail_id + n, Recipient(f"charlie{n}@example.org", variables={"n": str(n)}))
            for n in everybody
        ],
        new_deliveries=[StoredDelivery(born(mail_id, n, event), 1, due_at, 0) for n in everybody],
    )
    for name, value in changes.items():
        setattr(change, name, value)
    return change


def delivery_of(change: Change) -> Delivery:
    """The first recipient's."""
    return change.new_deliveries[0].delivery


def content_of(change: Change) -> Content:
    (content,) = change.contents
    return content


async def accepted(store: Store, change: Change) -> StoredDelivery:
    """Commit it; the first recipient's row as it is stored now."""
    await store.commit(change)
    return await stored(store, delivery_of(change).id)


async def stored(store: Store, delivery_id: int) -> StoredDelivery:
    found = await store.delivery(delivery_id)
    assert found is not None
    return found


def begun(row: StoredDelivery, *, until: int, note: str | None = None, at: int = NOW) -> Change:
    """The row's next revision, with an attempt begun by whoever holds it."""
    delivery = row.delivery._replace(attempt=row.delivery.attempt + 1, is_begun=True, due_at=None)
    record = Record(delivery.mail_id, delivery.id - delivery.mail_id, Begun(delivery.attempt), note)
    after = StoredDelivery(delivery, row.revision + 1, until, row.owner)
    return Change(at=at, records=[record], deliveries=[after], holds_lease=True)


def ended(row: StoredDelivery, state: State = State.SENT) -> Change:
    """The row's next revision, with nothing left to do; without an event, for what is only about rows."""
    delivery = row.delivery._replace(state=state, is_begun=False, due_at=None)
    return Change(at=NOW, deliveries=[StoredDelivery(delivery, row.revision + 1, None, 0)])


def new_key(ids: IdSource, secret: bytes, *origins: str, expires_at: int | None = None) -> Change:
    key = ApiKey(
        ids.block(1), f"uuid-{secret.hex()}", secret, "shop", True, NOW, expires_at,
        tuple(NamedOrigin(name, NOW) for name in origins),
    )  # fmt: skip
    return Change(
        at=NOW, records=[Record(key.id, 0, KeyCreated(key.key_id, "shop", expires_at))], keys=[StoredKey(key, 1)]
    )


def claim(scope: bytes) -> Idempotency:
    return Idempotency(scope=scope, request=b"body", mail_id=1, position=0, created_at=NOW, answer=None)

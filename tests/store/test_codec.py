"""Stored events: their names are for ever, and whatever was ever written is read as today's event."""

import inspect
from types import UnionType
from typing import get_args

import msgspec
import pytest
from hypothesis import given, strategies as st

from couvert.domain.delivery_events import Begun, Bounced, Sent
from couvert.domain.mail import MailAccepted
from couvert.store import codec
from couvert.store.log import Event

FOR_EVER = {
    1: "mail.accepted.v1", 2: "delivery.begun.v1", 3: "delivery.released.v1", 4: "delivery.deferred.v1",
    5: "delivery.sent.v1", 6: "delivery.failed.v1", 7: "delivery.unknown.v1", 8: "delivery.requeued.v1",
    9: "delivery.delivered.v1", 10: "delivery.bounced.v1", 11: "delivery.complained.v1", 12: "delivery.expired.v1",
    13: "delivery.cancelled.v1", 14: "delivery.resolved-as-sent.v1",
    20: "key.created.v1", 21: "key.origins-added.v1", 22: "key.deleted.v1",
    30: "user.added.v1", 31: "user.renamed.v1", 32: "user.password-set.v1", 33: "user.deleted.v1",
    34: "user.limited.v1",
    35: "user.role-changed.v1",
    40: "token.created.v1", 41: "token.edited.v1", 42: "token.revoked.v1",
    50: "suppression.added.v1", 51: "suppression.changed.v1", 52: "suppression.removed.v1",
    53: "suppression.expired.v1", 54: "delivery.suppressed.v1",
    23: "key.edited.v1", 24: "key.restricted.v1", 25: "key.origins-removed.v1",
}  # fmt: skip
WRITTEN = {
    (1, '{"count":2,"priority":1,"due_at":5,"give_up_at":9,"expires_at":null,"key_id":7,"user_id":null}'),
    (2, '{"attempt":1}'),
    (3, '{"attempt":1,"due_at":5}'),
    (4, '{"attempt":1,"due_at":5}'),
    (5, '{"attempt":1,"provider_id":"x"}'),
    (6, '{"attempt":1,"cause":"refused"}'),
    (7, '{"attempt":1}'),
    (8, '{"due_at":5,"by":"policy","give_up_at":null}'),
    (9, '{"attempt":1}'),
    (10, '{"attempt":1,"kind":"hard"}'),
    (11, '{"attempt":1}'),
    (12, "{}"),
    (13, "{}"),
    (14, '{"attempt":1}'),
    (20, '{"key_id":"u","name":"n","expires_at":null}'),
    (21, '{"names":["a.example"]}'),
    (22, "{}"),
    (30, '{"user_id":"u","role":"admin"}'),
    (31, "{}"),
    (32, "{}"),
    (33, "{}"),
    (34, '{"limit":10000,"period_seconds":600}'),
    (40, '{"token_id":"u","user":7,"roles":["api_read","api_write"],"expires_at":null}'),
    (41, '{"expires_at":5}'),
    (42, "{}"),
    (23, '{"name":"n","expires_at":5}'),
    (24, '{"networks":["192.0.2.0/24"],"rate":[3,10],"daily_quota":null}'),
    (50, '{"reason":"hard_bounce","delivery":7,"user":null,"expires_at":null}'),
    (51, '{"reason":"manual","delivery":null,"expires_at":5}'),
    (52, "{}"),
    (53, "{}"),
    (54, '{"suppression":7,"reason":"complaint"}'),
    (25, '{"names":["a.example"]}'),
    (35, '{"role":"readonly"}'),
}
"""One of each as it was written by the first version; a line is added with a new event, and never changed."""


def events_of(union):
    return {member for member in get_args(union) if inspect.isclass(member)}


def test_stored_names_never_change():
    assert {code: codec.name(code) for code in FOR_EVER} == FOR_EVER


def test_every_event_has_one_name():
    classes = [event_class for _, event_class in codec.STORED.values()]

    assert isinstance(Event, UnionType)
    assert set(classes) == events_of(Event)
    assert len(set(classes)) == len(classes)
    assert len({name for name, _ in codec.STORED.values()}) == len(codec.STORED)


@pytest.mark.parametrize(("code", "payload"), sorted(WRITTEN), ids=lambda value: FOR_EVER.get(value, ""))
def test_what_the_first_version_wrote_is_read_and_written_alike(code, payload):
    event = codec.decode(code, payload)

    assert codec.encode(event) == (code, payload)
    assert codec.name_of(event) == FOR_EVER[code]


def test_there_is_one_of_each():
    assert {code for code, _ in WRITTEN} == FOR_EVER.keys()


@given(st.sampled_from(sorted(codec.STORED)).flatmap(lambda code: st.from_type(codec.STORED[code][1])))
def test_what_was_encoded_is_decoded(event):
    assert codec.decode(*codec.encode(event)) == event


def test_a_field_that_a_newer_version_added_is_no_obstacle():
    assert codec.decode(2, '{"attempt":1,"mood":"good"}') == Begun(1)


def test_a_field_with_a_default_may_be_missing_from_an_old_event():
    event = codec.decode(1, '{"count":1,"priority":0,"due_at":5,"give_up_at":9}')

    assert event == MailAccepted(1, 0, 5, 9, expires_at=None, key_id=None)


@pytest.mark.parametrize("payload", ["", "{}", '{"attempt":"one"}', '{"attempt":1,"kind":"medium"}'])
def test_a_damaged_event_is_not_made_up(payload):
    with pytest.raises(msgspec.DecodeError):
        codec.decode(10, payload)


def test_a_retired_event_is_read_as_its_successor_through_every_step_between(monkeypatch):
    monkeypatch.setitem(codec.UPCASTERS, 105, lambda fields: (106, {"attempt": fields["try"]}))
    monkeypatch.setitem(codec.UPCASTERS, 106, lambda fields: (5, {**fields, "provider_id": "unknown"}))

    assert codec.decode(105, '{"try":3}') == Sent(3, "unknown")
    assert codec.decode(10, '{"attempt":1,"kind":"soft"}') == Bounced(1, "soft")

"""Keys: who is let in, with which words the others are turned away, and what their events leave."""

import pytest
from hypothesis import given, strategies as st

from couvert.domain.key import (
    ApiKey,
    KeyCreated,
    KeyDeleted,
    KeyEdited,
    KeyRestricted,
    NamedOrigin,
    OriginsAdded,
    OriginsRemoved,
    add_origins,
    admit,
    create,
    delete,
    evolve,
    remove_origin,
    replace,
    with_senders,
)
from couvert.domain.refusals import NotFound, RuleBroken, Unauthorized
from couvert.domain.restrictions import NONE, Restrictions

NOW = 1_800_000_000_000
ORIGIN = "https://app.example.com"
KEY = ApiKey(
    id=1,
    key_id="a-uuid",
    hash=b"hash",
    name="shop",
    is_active=True,
    created_at=NOW - 1_000,
    expires_at=None,
    origins=(NamedOrigin("app.example.com", NOW - 1_000), NamedOrigin("*.example.org", NOW - 1_000)),
)
DELETED = KEY._replace(is_active=False)
names = st.lists(st.sampled_from(["a.example", "b.example", "c.example", "app.example.com"]), max_size=6)


def replaced(key, **changes):
    as_it_is = {"name": "shop", "expires_at": None, "restrictions": NONE, "origins": None, "now": NOW}
    return replace(key, **{**as_it_is, **changes})


@pytest.mark.parametrize("origin", [ORIGIN, "app.example.com", "https://shop.example.org:8443"])
def test_a_key_is_admitted_from_its_origins(origin):
    assert admit(KEY, origin, NOW) is KEY


@pytest.mark.parametrize(("key", "origin", "words"), [
    (None, ORIGIN, "Invalid API key"),
    (DELETED, ORIGIN, "inactive"),
    (KEY._replace(expires_at=NOW), ORIGIN, "expired"),
    (KEY._replace(expires_at=NOW - 1), ORIGIN, "expired"),
    (KEY, None, "missing"),
    (KEY, "", "missing"),
    (KEY, "https://charlie.example", "not allowed"),
    (KEY, "https://", "not allowed"),
    (KEY._replace(origins=()), ORIGIN, "not allowed"),
    (DELETED._replace(expires_at=NOW - 1), "https://charlie.example", "inactive"),
])  # fmt: skip
def test_everybody_else_is_told_why_not(key, origin, words):
    with pytest.raises(Unauthorized, match=words):
        admit(key, origin, NOW)


def test_a_key_works_to_the_last_millisecond():
    assert admit(KEY._replace(expires_at=NOW + 1), ORIGIN, NOW)


@pytest.mark.parametrize("expires_at", [NOW, NOW - 1, 0])
def test_a_key_that_would_have_expired_is_not_created(expires_at):
    with pytest.raises(RuleBroken, match="in the past"):
        create(key_id="a-uuid", name="shop", origins=[], expires_at=expires_at, now=NOW)


def test_a_new_key_has_its_origins_once_each_and_in_order():
    events = create(key_id="a-uuid", name="shop", origins=["b", "a", "b"], expires_at=None, now=NOW)

    assert events == [KeyCreated("a-uuid", "shop", None), OriginsAdded(("b", "a"))]


def test_a_key_without_origins_is_created_by_one_event():
    assert create(key_id="a-uuid", name="shop", origins=[], expires_at=NOW + 1, now=NOW) == [
        KeyCreated("a-uuid", "shop", NOW + 1)
    ]


@given(names, names)
def test_origins_are_added_that_the_key_has_not(first, second):
    had = [origin.name for origin in KEY.origins]
    key = KEY

    for event in add_origins(key, first):
        key = evolve(key, event, NOW)
    for event in add_origins(key, second):
        key = evolve(key, event, NOW)

    has = [origin.name for origin in key.origins]
    assert has == list(dict.fromkeys([*had, *first, *second]))
    assert add_origins(key, [*first, *second]) == []


def test_an_origin_says_when_it_was_added():
    after = evolve(KEY, OriginsAdded(("new.example",)), NOW)

    assert after.origins == (*KEY.origins, NamedOrigin("new.example", NOW))


@pytest.mark.parametrize("key", [None, DELETED])
@pytest.mark.parametrize("decide", [
    delete,
    lambda key: add_origins(key, ["a.example"]),
    lambda key: remove_origin(key, "app.example.com"),
    replaced,
], ids=["delete", "add", "remove", "replace"])  # fmt: skip
def test_a_key_that_is_gone_cannot_be_changed(key, decide):
    with pytest.raises(NotFound):
        decide(key)


def test_a_deleted_key_is_known_and_let_in_nowhere():
    (event,) = delete(KEY)

    after = evolve(KEY, event, NOW)

    assert event == KeyDeleted()
    assert after == DELETED


def test_a_new_key_may_be_restricted():
    restrictions = Restrictions(senders=("example.com",), daily_quota=5)

    events = create(key_id="a", name="shop", origins=[], expires_at=None, now=NOW, restrictions=restrictions)

    assert events == [KeyCreated("a", "shop", None), KeyRestricted((), None, 5)]


def test_replacing_a_key_by_itself_changes_nothing():
    assert replaced(KEY) == []
    assert replaced(KEY, origins=["*.example.org", "app.example.com", "app.example.com"]) == []


@pytest.mark.parametrize(("changes", "event"), [
    ({"name": "till"}, KeyEdited("till", None)),
    ({"expires_at": NOW + 1}, KeyEdited("shop", NOW + 1)),
    ({"restrictions": Restrictions(daily_quota=5)}, KeyRestricted((), None, 5)),
    ({"restrictions": Restrictions(senders=("example.com",))}, KeyRestricted((), None, None)),
    ({"origins": ["app.example.com"]}, OriginsRemoved(("*.example.org",))),
])  # fmt: skip
def test_a_replaced_key_tells_what_is_different(changes, event):
    assert replaced(KEY, **changes) == [event]


def test_a_replaced_key_is_what_was_asked_for():
    asked = {"name": "till", "expires_at": NOW + 1, "restrictions": Restrictions(senders=("example.com",))}
    key = with_senders(KEY, ("example.com",))

    for event in replaced(KEY, **asked, origins=["new.example", "app.example.com"]):
        key = evolve(key, event, NOW)

    assert {field: getattr(key, field) for field in asked} == asked
    assert key.origins == (NamedOrigin("app.example.com", NOW - 1_000), NamedOrigin("new.example", NOW))


def test_a_key_cannot_be_made_to_have_expired():
    with pytest.raises(RuleBroken, match="in the past"):
        replaced(KEY, expires_at=NOW)


def test_a_key_that_has_expired_may_be_renamed():
    expired = KEY._replace(expires_at=NOW - 1)

    assert replaced(expired, name="till", expires_at=NOW - 1) == [KeyEdited("till", NOW - 1)]


def test_a_removed_origin_is_gone():
    (event,) = remove_origin(KEY, "app.example.com")

    assert evolve(KEY, event, NOW).origins == KEY.origins[1:]


def test_an_origin_that_is_not_there_is_not_removed():
    with pytest.raises(NotFound, match="no such origin"):
        remove_origin(KEY, "a.example.org")

"""Users: what their events leave, what of them is personal, and that somebody can always let others in."""

import pytest
from hypothesis import given, strategies as st

from couvert.domain.allowance import Allowance
from couvert.domain.refusals import Conflict, NotFound, RuleBroken
from couvert.domain.user import (
    LONGEST_NAME,
    NOBODY,
    PasswordSet,
    Person,
    Role,
    User,
    UserAdded,
    UserDeleted,
    UserLimited,
    UserRenamed,
    UserRoleChanged,
    add,
    blank,
    delete,
    evolve,
    give_role,
    limit,
    rename,
    set_password,
)

NOW = 1_800_000_000_000
ALICE = User(1, "a-uuid", "alice@example.com", Person("Alice", "Ash"), Role.ADMIN, is_active=True, registered_at=NOW)
BOB = ALICE._replace(id=2, user_id="b-uuid", role=Role.MEMBER)
GONE = ALICE._replace(is_active=False)
names = st.text(st.characters(categories=["L", "N"]), max_size=LONGEST_NAME)
people = st.builds(Person, names, names)


@given(people, st.sampled_from(Role))
def test_an_added_user_is_who_the_command_said(person, role):
    user = blank(1, "alice@example.com", person)

    for event in add(user_id="a-uuid", role=role, person=person):
        user = evolve(user, event, NOW)

    assert user == User(1, "a-uuid", "alice@example.com", person, role, is_active=True, registered_at=NOW)


@given(people)
def test_no_event_holds_a_name(person):
    assert add(user_id="a-uuid", role=Role.MEMBER, person=person) == [UserAdded("a-uuid", Role.MEMBER)]
    assert rename(ALICE, person) in ([UserRenamed()], [])


def test_the_same_name_again_changes_nothing():
    assert rename(ALICE, ALICE.person) == []


@pytest.mark.parametrize("person", [Person("A\nB"), Person(last_name="x" * (LONGEST_NAME + 1)), Person("A\u2028B")])
@pytest.mark.parametrize("decide", [
    lambda person: add(user_id="u", role=Role.MEMBER, person=person),
    lambda person: rename(ALICE, person),
], ids=["add", "rename"])  # fmt: skip
def test_a_name_is_one_short_line(decide, person):
    with pytest.raises(RuleBroken, match=r"(first|last)Name"):
        decide(person)


@pytest.mark.parametrize("event", [UserRenamed(), PasswordSet()])
def test_what_is_personal_comes_with_the_command_alone(event):
    assert evolve(ALICE, event, NOW + 1) == ALICE


def test_nothing_personal_is_left_of_a_deleted_user():
    (event,) = delete(BOB, other_admins=1)

    after = evolve(BOB, event, NOW)

    assert event == UserDeleted()
    assert after == BOB._replace(email="", person=NOBODY, is_active=False)


def test_the_last_admin_stays():
    with pytest.raises(Conflict, match="last admin"):
        delete(ALICE, other_admins=0)

    assert delete(ALICE, other_admins=1) == [UserDeleted()]
    assert delete(BOB, other_admins=0) == [UserDeleted()]


@pytest.mark.parametrize("user", [None, GONE])
@pytest.mark.parametrize("decide", [
    set_password,
    lambda user: rename(user, NOBODY),
    lambda user: delete(user, other_admins=1),
    lambda user: give_role(user, Role.MEMBER, other_admins=1),
], ids=["set password", "rename", "delete", "role"])  # fmt: skip
def test_a_user_who_is_gone_cannot_be_changed(user, decide):
    with pytest.raises(NotFound):
        decide(user)


def test_a_limit_of_ones_own_comes_and_goes():
    (given,) = limit(BOB, Allowance(10_000, 600))
    limited = evolve(BOB, given, NOW)
    (lifted,) = limit(limited, None)

    assert (given, limited.allowance) == (UserLimited(10_000, 600), Allowance(10_000, 600))
    assert evolve(limited, lifted, NOW) == BOB
    assert limit(limited, limited.allowance) == limit(BOB, None) == []


def test_a_role_is_changed_once():
    (event,) = give_role(BOB, Role.READONLY, other_admins=1)

    assert evolve(BOB, event, NOW) == BOB._replace(role=Role.READONLY)
    assert give_role(BOB, Role.MEMBER, other_admins=0) == []
    assert give_role(BOB, Role.ADMIN, other_admins=0) == [UserRoleChanged(Role.ADMIN)]


def test_the_last_admin_stays_one():
    with pytest.raises(Conflict, match="last admin"):
        give_role(ALICE, Role.MEMBER, other_admins=0)

    assert give_role(ALICE, Role.ADMIN, other_admins=0) == []

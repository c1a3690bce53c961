"""Tokens: who may make which, who is let in, and with which refusal the others are turned away."""

import pytest
from hypothesis import given, strategies as st

from couvert.domain.refusals import (
    MissingRole,
    NotFound,
    RuleBroken,
    TokenExpired,
    TokenRevoked,
    Unauthenticated,
)
from couvert.domain.token import (
    EVERY_ROLE,
    LONGEST_DESCRIPTION,
    Token,
    TokenCreated,
    TokenEdited,
    TokenWithdrawn,
    admit,
    blank,
    create,
    edit,
    evolve,
    revoke,
)
from couvert.domain.user import NOBODY, Role, User

NOW = 1_800_000_000_000
READ, WRITE = EVERY_ROLE
BOB = User(7, "b-uuid", "bob@example.com", NOBODY, Role.MEMBER, is_active=True, registered_at=NOW)
TOKEN = Token(1, "t-uuid", 7, b"hash", "laptop", EVERY_ROLE, NOW, None, is_revoked=False)
REVOKED = TOKEN._replace(is_revoked=True)
some_roles = st.sets(st.sampled_from(EVERY_ROLE))


def created(owner=BOB, **changes):
    asked = {"description": "laptop", "roles": EVERY_ROLE, "expires_at": None, "granted_by": EVERY_ROLE}
    return create(owner, token_id="t-uuid", now=NOW, **{**asked, **changes})


@given(some_roles, some_roles, st.sampled_from(Role))
def test_a_token_has_no_role_that_its_maker_or_its_user_lacks(roles, granted_by, role):
    try:
        (event,) = created(BOB._replace(role=role), roles=roles, granted_by=granted_by)
    except MissingRole:
        assert not roles <= granted_by
    except RuleBroken:
        assert not roles or (role is Role.READONLY and WRITE in roles)
    else:
        assert set(event.roles) == roles <= granted_by
        assert roles
        assert role is not Role.READONLY or WRITE not in roles


def test_roles_are_kept_once_each_and_in_their_order():
    (event,) = created(roles=[WRITE, READ, WRITE])

    assert event == TokenCreated("t-uuid", 7, (READ, WRITE), None)


@pytest.mark.parametrize("expires_at", [NOW, NOW - 1, 0])
def test_an_expiry_in_the_past_is_refused(expires_at):
    with pytest.raises(RuleBroken, match="in the past"):
        created(expires_at=expires_at)
    with pytest.raises(RuleBroken, match="in the past"):
        edit(TOKEN, description="laptop", expires_at=expires_at, now=NOW)


@pytest.mark.parametrize("description", ["a\nb", "x" * (LONGEST_DESCRIPTION + 1)])
def test_a_description_is_one_line_of_some_length(description):
    with pytest.raises(RuleBroken, match="description"):
        created(description=description)
    with pytest.raises(RuleBroken, match="description"):
        edit(TOKEN, description=description, expires_at=None, now=NOW)


def test_a_created_token_is_what_was_asked_for():
    (event,) = created(expires_at=NOW + 5)

    after = evolve(blank(1, b"hash", "laptop"), event, NOW)

    assert after == TOKEN._replace(expires_at=NOW + 5)


def test_what_a_token_says_already_changes_nothing():
    assert edit(TOKEN, description="laptop", expires_at=None, now=NOW) == []


def test_a_token_that_has_expired_may_be_described_anew():
    expired = TOKEN._replace(expires_at=NOW - 1)

    assert edit(expired, description="old laptop", expires_at=NOW - 1, now=NOW) == [TokenEdited(NOW - 1)]


def test_an_edited_token_expires_when_it_says():
    (event,) = edit(TOKEN, description="laptop", expires_at=NOW + 5, now=NOW)

    assert evolve(TOKEN, event, NOW) == TOKEN._replace(expires_at=NOW + 5)


@pytest.mark.parametrize("token", [None, REVOKED])
@pytest.mark.parametrize("decide", [revoke, lambda it: edit(it, description="", expires_at=None, now=NOW)])
def test_a_token_that_is_gone_cannot_be_changed(token, decide):
    with pytest.raises(NotFound):
        decide(token)


def test_a_revoked_token_is_known_and_let_in_nowhere():
    (event,) = revoke(TOKEN)

    assert event == TokenWithdrawn()
    assert evolve(TOKEN, event, NOW) == REVOKED


def test_a_token_works_to_the_last_millisecond():
    token = TOKEN._replace(expires_at=NOW + 1)

    assert admit(token, BOB, NOW) == (token, BOB)


@pytest.mark.parametrize(("token", "owner", "refusal"), [
    (None, None, Unauthenticated),
    (TOKEN, None, Unauthenticated),
    (TOKEN, BOB._replace(is_active=False), Unauthenticated),
    (REVOKED, BOB, TokenRevoked),
    (REVOKED, BOB._replace(is_active=False), TokenRevoked),
    (REVOKED._replace(expires_at=NOW - 1), BOB, TokenRevoked),
    (TOKEN._replace(expires_at=NOW), BOB, TokenExpired),
    (TOKEN._replace(expires_at=NOW - 1), BOB, TokenExpired),
])  # fmt: skip
def test_everybody_else_is_told_why_not(token, owner, refusal):
    with pytest.raises(Unauthenticated) as refused:
        admit(token, owner, NOW)

    assert type(refused.value) is refusal

"""Webhooks: what their events leave, which events they want, and what may be decided about them."""

import pytest

from couvert.domain.refusals import Conflict, NotFound
from couvert.domain.webhook import (
    NO_TERMS,
    OVERLAP_MS,
    Secrets,
    Terms,
    WebhookCreated,
    WebhookDeleted,
    WebhookEdited,
    WebhookSecretRotated,
    WebhookSwitchedOff,
    active,
    blank,
    create,
    delete,
    evolve,
    existing,
    matching,
    replace,
    rotate,
    switch_off,
    wants_mail,
)

NOW = 1_800_000_000_000
TERMS = Terms("https://example.com/hooks", "Shop", ("delivery.*",))
NAMES = ("mail.accepted", "delivery.sent", "delivery.bounced", "user.added", "token.created", "webhook.created")


def webhook(**changes):
    made = blank(1)._replace(terms=TERMS._replace(**changes), secrets=Secrets("whsec_one"))
    for event in create("a-uuid", made.terms):
        made = evolve(made, event, NOW)
    return made


DELETED = evolve(webhook(), WebhookDeleted(), NOW)


def test_a_webhook_is_as_it_was_asked_for():
    assert create("a-uuid", TERMS) == [WebhookCreated("a-uuid", ("delivery.*",), False, True)]
    assert webhook().terms == TERMS
    assert webhook().created_at == NOW


def test_what_is_so_already_changes_nothing():
    assert replace(webhook(), TERMS) == []


def test_an_address_may_change_alone():
    assert replace(webhook(), TERMS._replace(url="https://other.example")) == [
        WebhookEdited(("delivery.*",), False, True)
    ]


def test_a_deleted_webhook_keeps_neither_address_nor_secret():
    assert (DELETED.terms, DELETED.secrets, DELETED.is_deleted) == (NO_TERMS, Secrets(), True)


@pytest.mark.parametrize(
    "decide",
    [existing, active, delete, lambda it: replace(it, TERMS), lambda it: rotate(it, NOW)],
    ids=["existing", "active", "delete", "replace", "rotate"],
)
@pytest.mark.parametrize("nobody", [None, DELETED])
def test_nothing_is_decided_about_a_webhook_that_is_not_there(decide, nobody):
    with pytest.raises(NotFound):
        decide(nobody)


def test_nothing_is_sent_to_one_that_is_switched_off():
    with pytest.raises(Conflict, match="switched off"):
        active(webhook(is_active=False))


def test_who_is_gone_is_switched_off_once():
    off = evolve(webhook(), switch_off(webhook(), TERMS.url)[0], NOW)
    assert (off.terms.is_active, off.off_reason) == (False, "gone")
    assert switch_off(off, TERMS.url) == switch_off(None, TERMS.url) == switch_off(DELETED, TERMS.url) == []
    assert switch_off(webhook(), TERMS.url) == [WebhookSwitchedOff("gone")]


def test_who_has_moved_meanwhile_is_not_gone():
    assert switch_off(webhook(), "https://old.example.com/") == []


def test_who_is_switched_on_again_was_never_gone():
    off = evolve(webhook(), WebhookSwitchedOff("gone"), NOW)
    assert evolve(off, WebhookEdited((), False, False), NOW).off_reason == "gone"
    assert evolve(off, WebhookEdited((), False, True), NOW).off_reason is None


def test_for_a_day_both_secrets_sign():
    assert rotate(webhook(), NOW) == [WebhookSecretRotated(NOW + OVERLAP_MS)]
    secrets = Secrets("new", "old", NOW + OVERLAP_MS)
    assert secrets.valid_at(NOW) == ("new", "old")
    assert secrets.valid_at(NOW + OVERLAP_MS) == ("new",)
    assert Secrets("only").valid_at(NOW) == ("only",)


def test_a_secret_is_not_printed_by_mistake():
    assert "whsec" not in repr(webhook())
    assert "old" not in repr(Secrets("new", "old", NOW))


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["delivery.sent"], {"delivery.sent"}),
        (["delivery.*"], {"delivery.sent", "delivery.bounced"}),
        (["*"], {"mail.accepted", "delivery.sent", "delivery.bounced"}),
        (["delivery.bo*", "delivery", "sent", "", "."], set()),
        (["user.*", "token.created", "webhook.*"], set()),
        (["mail.*", "delivery.sent"], {"mail.accepted", "delivery.sent"}),
    ],
)
def test_patterns_mean_events_of_mails_alone(patterns, names):
    assert matching(patterns, NAMES) == names


@pytest.mark.parametrize(
    ("tags", "project_id", "is_wanted"),
    [((), None, True), (("a",), None, True), (("x",), None, False), (("x", "b"), "p", True), ((), "q", False)],
)
def test_a_webhook_may_want_the_mails_of_some_tags_or_of_a_project(tags, project_id, is_wanted):
    terms = TERMS._replace(tags=tags, project_id=project_id)
    assert wants_mail(terms, ["a", "b"], "p") is is_wanted

"""A preview is what the first recipient would read."""

import pytest

from couvert.commands.preview import preview
from couvert.domain.mail import Recipient
from couvert.domain.refusals import RuleBroken
from tests.commands.desk import CHARLIE, mail
from tests.store.changes import NOW

DORA = Recipient("dora@example.org", "Dora & Co", variables={"code": "<1>"})


def test_the_first_recipient_is_shown():
    shown = preview(mail(DORA, CHARLIE, html="<p>{{code}}</p>", text="{{name}}: {{code}}"), NOW)

    assert shown == ("Hello Dora & Co", "<p>&lt;1&gt;</p>", "Dora & Co: <1>", [])


def test_a_text_is_made_of_the_html():
    assert preview(mail(DORA, html="<h1>Hi {{senderName}}</h1>"), NOW).text.strip().endswith("Hi Alice")


def test_there_may_be_no_html():
    assert preview(mail(DORA, html=None, text="Hi"), NOW).html is None


def test_what_is_missing_is_named_and_nothing():
    shown = preview(mail(DORA, subject="{{b}}{{code}}", html="<p>{{a}}</p>"), NOW)

    assert (shown.subject, shown.html, shown.missing) == ("<1>", "<p></p>", ["a", "b"])


@pytest.mark.parametrize("changes", [
    {"html": "{{first name}}"}, {"variables": {"email": "x"}}, {"headers": {"To": "x"}}, {"html": None},
])  # fmt: skip
def test_what_could_not_be_sent_is_not_shown(changes):
    with pytest.raises(RuleBroken):
        preview(mail(DORA, **changes), NOW)

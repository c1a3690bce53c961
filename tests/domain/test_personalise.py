"""Personalisation: what a template may use is known before anything is stored, and then it is always there."""

import time

import pytest
from hypothesis import given, strategies as st

from couvert.domain.mail import Recipient, Sender
from couvert.domain.names import BUILT_IN, OF_V1
from couvert.domain.personalise import MOST_LISTED, check, checked, common_values, values
from couvert.domain.refusals import RuleBroken

ALICE = Sender("alice@example.com", "Alice", "Acme")
BOB = Recipient("bob@example.org", "Bob", "Bricks", variables={"city": "Bonn", "code": "B1"})
CHARLIE = Recipient("charlie@example.org", variables={"city": "Chur"})
names = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).filter(lambda name: name not in BUILT_IN)
mappings = st.dictionaries(names, st.text(max_size=5), max_size=4)


def refusal(sources, variables, recipients) -> str:
    with pytest.raises(RuleBroken) as caught:
        check(sources, variables, recipients)
    return caught.value.message


def is_refused(sources, variables, recipients) -> bool:
    try:
        check(sources, variables, recipients)
    except RuleBroken:
        return True
    return False


@given(mappings, st.lists(mappings, min_size=1, max_size=4), st.sets(names, max_size=4))
def test_a_template_passes_exactly_if_it_can_be_rendered_for_every_recipient(common, own, used):
    recipients = [Recipient("charlie@example.org", variables=variables) for variables in own]
    source = "".join(f"{{{{ {name} }}}}" for name in sorted(used))
    filled = [values(common_values(ALICE, common), recipient) for recipient in recipients]

    can_be_rendered = all(used <= each.keys() for each in filled)

    assert is_refused({"subject": source}, common, recipients) is not can_be_rendered


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_a_built_in_name_is_there_for_everybody_and_cannot_be_redefined(name):
    source = {"subject": f"{{{{{name}}}}}"}

    template = check(source, {}, [Recipient("charlie@example.org")])["subject"]

    assert template.render(values(common_values(Sender("alice@example.com"), {}), CHARLIE)) is not None
    assert f"variables.{name} is built in" in refusal(source, {name: "x"}, [CHARLIE])
    assert f"recipients.1.variables.{name} is built in" in refusal(
        source, {}, [BOB, Recipient("c@example.org", variables={name: "x"})]
    )


def test_both_spellings_of_a_recipient_mean_the_same():
    filled = values(common_values(ALICE, {}), BOB)

    assert (filled["name"], filled["mail"], filled["company"]) == ("Bob", "bob@example.org", "Bricks")
    assert filled["recipient_name"] == filled["name"]
    assert filled["recipient_email"] == filled["mail"]
    assert filled["recipient_company"] == filled["company"]
    assert (filled["sender_name"], filled["sender_email"]) == ("Alice", "alice@example.com")
    assert filled["sender_organisation_name"] == "Acme"


def test_what_a_recipient_has_not_is_nothing():
    filled = values(common_values(Sender("alice@example.com"), {}), CHARLIE)

    assert {filled[name] for name in ("name", "company", "sender_name", "sender_organisation_name")} == {""}


def test_a_recipients_own_value_wins_over_the_mails():
    assert values(common_values(ALICE, {"city": "Köln"}), BOB)["city"] == "Bonn"


def test_a_variable_that_nobody_has_is_named_with_all_who_lack_it():
    words = refusal({"subject": "Hi", "html_template": "{{ nope }}"}, {}, [BOB, CHARLIE])

    assert words == 'html_template uses the variable "nope", which is missing for bob@example.org, charlie@example.org.'


def test_a_variable_that_nobody_could_define_does_not_exist():
    _, (fault,) = checked({"html_template": "{{ nope }}"}, {}, [CHARLIE], OF_V1)

    assert fault.words == 'uses the variable "nope", which does not exist.'


def test_who_lacks_a_variable_is_named():
    words = refusal({"subject": "{{ city }} {{ code }}"}, {}, [BOB, CHARLIE])

    assert words == 'subject uses the variable "code", which is missing for charlie@example.org.'


def test_all_missing_variables_are_named_at_once():
    words = refusal({"subject": "{{ one }} {{ two }}"}, {}, [BOB])

    assert '"one"' in words
    assert '"two"' in words


def test_a_long_list_of_recipients_is_cut_short():
    many = [Recipient(f"c{n}@example.org") for n in range(10_000)]

    words = refusal({"subject": "{{ code }}"}, {}, [BOB, *many])

    assert words.endswith(f"c{MOST_LISTED - 1}@example.org and {10_000 - MOST_LISTED:,} more.")


def test_a_hostile_template_is_refused_quickly_and_briefly():
    source = "".join(f"{{{{v{n}}}}}" for n in range(100_000)) + f"{{{{{'x' * 100_000}}}}}"
    many = [Recipient(f"c{n}@example.org", variables={"city": "Chur"}) for n in range(1_000)]

    started = time.process_time()
    words = refusal({"subject": source}, {}, many)

    assert time.process_time() - started < 1
    assert len(words) < 10_000
    assert words.endswith("variables are missing in more places.")


def test_what_stands_between_braces_and_is_no_name_is_quoted():
    assert '"{{first name}}"' in refusal({"subject": "{{first name}}"}, {}, [BOB])


def test_an_absent_template_is_no_template():
    assert check({"subject": "Hi", "text_template": None}, {}, [BOB]).keys() == {"subject"}

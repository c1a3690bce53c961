"""What a sender may write between `{{` and `}}`, and what each recipient gets for it."""

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, strategies as st

from couvert.domain.template import QUOTED_AT_MOST, TemplateFault, compile_template, unknown

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
# Braces of every kind, close together, so that they meet.
sources = st.lists(st.sampled_from(["{", "}", "{{", "}}", "{{ a }}", "a", " ", "\n", "é"]), max_size=15).map("".join)
values = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def test_each_recipient_gets_their_own_values():
    template = compile_template("Dear {{ name }}, {{company}} greets {{name}}.")

    assert template.render({"name": "Jo", "company": "Acme"}) == "Dear Jo, Acme greets Jo."
    assert template.render({"name": "Mo", "company": "Bolt"}) == "Dear Mo, Bolt greets Mo."
    assert template.names == {"name", "company"}


def test_a_text_without_placeholders_is_the_same_for_everybody():
    template = compile_template("Dear customer")

    assert template.is_plain
    assert template.render({}) == template.render_html({}) == "Dear customer"
    assert not compile_template("{{ name }}").is_plain


@pytest.mark.parametrize(
    "text",
    [
        "<style>@media{#outlook a{padding:0}}</style>",
        "a{b{c}}",
        "{ name }",
        "{% if name %}",
        "}} {{",
        "set {{ apart",
        "{{",
        "}}",
        "{",
        "",
        "{ { name } }",
    ],
)
def test_everything_but_a_placeholder_is_literal(text):
    assert compile_template(text).render({}) == text


def test_minified_css_beside_a_placeholder_comes_through_untouched():
    template = compile_template("@media{#outlook a{padding:0}}{{name}}@media{a{b:c}} {{")

    assert template.render({"name": "Jo"}) == "@media{#outlook a{padding:0}}Jo@media{a{b:c}} {{"


@pytest.mark.parametrize(
    ("source", "quoted"),
    [
        ("{{ first name }}", "first name"),
        ("{{}}", ""),
        ("{{ user.name }}", "user.name"),
        ("{{ 1st }}", "1st"),
        ("{{ naïve }}", "naïve"),
        ("{{ name | upper }}", "name | upper"),
        ("{{{ name }}}", "{ name"),
        ("{{ open {{ name }}", "open {{ name"),
        ("fine: {{ name }}, not: {{ a-b }}, nor: {{ c-d }}", "a-b"),
    ],
)
def test_what_is_not_a_name_is_refused_in_the_authors_own_words(source, quoted):
    with pytest.raises(TemplateFault, match=re.escape("{{" + quoted + "}}")) as refusal:
        compile_template(source)

    assert refusal.value.quoted == quoted


def test_a_refusal_quotes_no_more_than_fits_in_a_line():
    with pytest.raises(TemplateFault) as refusal:
        compile_template("{{" + " x" * 100_000 + "}}")

    assert len(refusal.value.quoted) == QUOTED_AT_MOST
    assert refusal.value.quoted.endswith("…")


def test_a_refusal_can_be_written_as_json_whatever_it_quotes():
    with pytest.raises(TemplateFault) as refusal:
        compile_template("{{ \ud800 }}")

    assert str(refusal.value).encode()


def test_names_that_do_not_exist_are_told_in_order_and_once():
    template = compile_template("{{ zip }} {{ name }} {{ nickname }} {{ zip }} {{ " + "x" * 100 + " }}")

    assert unknown(template, {"name"}) == ["zip", "nickname", "x" * (QUOTED_AT_MOST - 1) + "…"]
    assert unknown(template, template.names) == []


def test_a_value_is_never_read_as_a_template():
    assert compile_template("{{ a }}{{ b }}").render({"a": "{{ b }}", "b": "{{ a }}"}) == "{{ b }}{{ a }}"


def test_a_missing_value_is_our_own_mistake_and_loud():
    with pytest.raises(KeyError):
        compile_template("{{ name }}").render({})
    with pytest.raises(KeyError):
        compile_template("{{ name }}").render_html({})


@given(
    st.lists(
        st.tuples(st.text("abc {}\n", max_size=5), names, st.sampled_from(["", " ", "\n\t", "\u3000"])), max_size=6
    )
)
def test_literal_text_stays_and_names_are_replaced(pieces):
    pieces = [(literal.replace("{", "").replace("}}", ""), name, space) for literal, name, space in pieces]
    source = "".join(f"{literal}{{{{{space}{name}{space}}}}}" for literal, name, space in pieces)

    assert compile_template(source).render({name: f"<{name}>" for _, name, _ in pieces}) == "".join(
        f"{literal}<{name}>" for literal, name, _ in pieces
    )


@given(sources)
def test_whatever_the_braces_they_are_read_as_the_contract_says(source):
    assert filled(source) == filled_by_the_contract(source)


def filled(source: str) -> str:
    try:
        template = compile_template(source)
    except TemplateFault as fault:
        return f"refused: {fault.quoted}"
    return template.render({name: f"<{name}>" for name in template.names})


def filled_by_the_contract(source: str) -> str:
    """Placeholder by placeholder, from the left."""
    before, _, rest = source.partition("{{")
    between, closed, after = rest.partition("}}")
    if not closed:
        return source
    if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", between.strip()):
        return f"refused: {between.strip()}"
    following = filled_by_the_contract(after)
    return following if following.startswith("refused: ") else f"{before}<{between.strip()}>{following}"


@given(values)
def test_no_value_becomes_markup(value):
    page = compile_template('<a title="{{ v }}">{{ v }}</a>').render_html({"v": value})

    assert page == f'<a title="{html.escape(value)}">{html.escape(value)}</a>'
    assert Seen.tags(page) == ["a"]


def test_braces_without_end_are_read_in_one_go():
    compile_template("{{" * 500_000)
    compile_template("}}" + "{{ " * 500_000)
    assert len(compile_template("{{a}}" * 100_000).parts) == 200_001


class Seen(HTMLParser):
    """The start tags a reader of the page would see."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, _attrs):
        self.found.append(tag)

    @classmethod
    def tags(cls, page):
        seen = cls()
        seen.feed(page)
        return seen.found

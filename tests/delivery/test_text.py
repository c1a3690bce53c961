"""The plain text beside the HTML: readable, complete, and as safe a template as the HTML it was read from."""

import contextlib
import re
import string
import time

import pytest
from hypothesis import example, given, strategies as st
from selectolax.lexbor import LexborHTMLParser

from couvert.delivery.text import text_of
from couvert.domain.template import TemplateFault, compile_template

MAIL = """<!doctype html>
<html><head><title>Acme</title><style>@media{#outlook a{padding:0}} p > a { color: red }</style></head>
<body style="margin:0">
<div style="display: none; max-height: 0">You will love this&zwnj;&nbsp;</div>
<!--[if mso]><table><tr><td>For Outlook only</td></tr></table><![endif]-->
<table><tr><td><img src="https://acme.example/logo.png" alt="Acme"></td></tr></table>
<h1>Hello {{ name }}!</h1>
<p>Your <b>order</b> of&nbsp;3&nbsp;anvils &amp; 1 rocket<br>is on its&shy;way.
<p>Follow it at <a href="https://acme.example/{{ order }}?a=1&amp;b=2">Acme</a>.</p>
<ul>
  <li>Heavy</li>
  <li>Black
    <ol><li>inside<li>outside</ol>
</ul>
<table>
  <tr><th>Item</th><th>Price</th></tr>
  <tr><td>Anvil</td><td>&euro; 9</td></tr>
</table>
<hr>
<pre>
  if x:
      y
</pre>
<script>alert("{{ nobody }}")</script>
<p>Questions? <a href="mailto:help@acme.example?subject=Anvil">help@acme.example</a></p>
</body></html>
"""

TEXT = """Acme

Hello {{ name }}!

Your order of 3 anvils & 1 rocket
is on itsway.

Follow it at Acme (https://acme.example/{{ order }}?a=1&b=2).

- Heavy
- Black
  1. inside
  2. outside

Item | Price
Anvil | € 9

---

  if x:
      y

Questions? help@acme.example"""


def test_a_mail_reads_well_without_its_markup():
    assert text_of(MAIL) == TEXT


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<a href="https://a.example/x">here</a>', "here (https://a.example/x)"),
        ('<a href="https://a.example/">https://a.example</a>', "https://a.example"),
        ('<a href="https://a.example/">a.example</a>', "a.example"),
        ('<a href="mailto:jo@a.example">write to us</a>', "write to us (jo@a.example)"),
        ('<a href="mailto:jo@a.example">jo@a.example</a>', "jo@a.example"),
        ('<a href="tel:+31201234567">call</a>', "call (+31201234567)"),
        ('<a href="{{ url }}">{{ url }}</a>', "{{ url }}"),
        ("<a href={{ url }}>here</a>", "here ({{ url }})"),
        ("<a href='{{url}}'>here</a>", "here ({{url}})"),
        ('<a href="https://a.example"><img src="x"></a>', "https://a.example"),
        ('<a href="https://a.example"><img src="x" alt="Shop"></a>', "Shop (https://a.example)"),
        ('<a href="#top">up</a><a name="top"></a>', "up"),
        ('<a href="javascript:alert(1)">x</a>', "x"),
        ('<a href="https://a.example/?x=1&copy=2">x</a>', "x (https://a.example/?x=1&copy=2)"),
        ('<ul><li><a href="https://a.example">a.example</a></ul>', "- a.example"),
        ('<a href="u">one<a href="v">two', "one (u)two (v)"),
    ],
)
def test_a_link_shows_where_it_leads_unless_its_text_does(html, text):
    assert text_of(html) == text


@pytest.mark.parametrize(
    "html",
    [
        '<div style="display:none">no</div>yes',
        '<div style="color:red; DISPLAY : NONE !important"><div>no</div>no</div>yes',
        "<p hidden>no<p>yes",
        "<p hidden>no <b>no</b><div>yes</div>",
        '<table><tr><td style="display:none">no<td>yes</table>',
        '<div><span style="display:none">no</div>yes',
        '<img style="display:none" alt="no">yes',
        '<div hidden><img alt="no"><br>no</div>yes',
        "<title>no</title><style>no</style><script>if (a<b) no </x></script>yes",
        "<!-- no --><!-- <p>no</p> -->yes<!-- no",
        "<!--[if mso]>no<![endif]--><!--[if !mso]><!-->yes<!--<![endif]-->",
        "<!doctype html><?xml no?><![if !mso]>yes<![endif]>",
        "<svg><text>no</text></svg>yes",
        '<p title="a > b" class="x"">yes',
        '<p data-x="hidden" class=hidden style="overflow:hidden">yes',
        "yes<a title='no",
    ],
)
def test_only_what_is_displayed_is_read(html):
    assert text_of(html) == "yes"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("{<b>{</b> name }}", "{ { name }}"),
        ("&#123;&#123; name }} is written {{ name }}", "{ { name }} is written {{ name }}"),
        ("{<i>{{ name }}</i>}", "{ {{ name }}}"),
        ("{{ is how it begins", "{{ is how it begins"),
        ('<img alt="{"><img alt="{ x }}">', "{ { x }}"),
        ("{{\n  name\n}}", "{{ name }}"),
        ("<b>{{name}}</b>{{ name }}", "{{name}}{{ name }}"),
        ("<p>{{ name }}</p><!-- {{ secret }} -->", "{{ name }}"),
    ],
)
def test_only_a_placeholder_of_the_html_is_one_in_the_text(html, text):
    assert text_of(html) == text


PIECES = [
    *(
        "{",
        "}",
        "{{",
        "}}",
        "{{ a }}",
        "{{b}}",
        "a",
        "é",
        " ",
        "\n",
        "\r\n",
        "\0",
        "\x1b",
        "\xa0",
        "0",
        "&",
        "&#123;",
        "&lbrace;",
    ),
    *(
        "&#0;",
        "&amp;",
        "&#x",
        "<",
        ">",
        "</",
        "<!--",
        "-->",
        "<!",
        "<b>",
        "</b>",
        "<p>",
        "</p>",
        "<p hidden>",
        "<br>",
        "<hr>",
    ),
    *(
        "<ul>",
        "</ul>",
        "<ol>",
        "<li>",
        "</li>",
        "<pre>",
        "</pre>",
        "<td>",
        "<tr>",
        "<table>",
        "</table>",
        "<style>",
        "</style>",
    ),
    *('<a href="', "<a href={{ a }}>", '<a href="{{ a }}">', "</a>", '">', "'", '"', "=", "/", '<img alt="{', "\ud800"),
    *('<div style="display:none">', "</div>", "<template>", "<title>", "<svg/>", "<A HREF=x>", "&#99999999999"),
]
soups = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@given(soups | st.text())
@example("&#" + "9" * 5_000 + ";")
@example("{" * 5 + "<b>" + "}" * 5)
def test_whatever_the_html_its_text_is_a_template_of_the_same_names(source):
    text = compile_template(text_of(source))

    with contextlib.suppress(TemplateFault):
        assert text.names <= compile_template(source).names


@given(soups)
def test_whatever_the_html_its_text_is_tidy(source):
    text = text_of(source)

    assert "\n\n\n" not in text
    assert not re.search(r"[\0\x1b\xa0\r]", text)
    assert not re.search(r"[ \t]$", text, re.MULTILINE)
    assert text == text.strip("\n")


words = st.text(string.ascii_letters + "é&<", min_size=1, max_size=6)
inline = st.recursive(
    words.map(lambda word: word.replace("&", "&amp;").replace("<", "&lt;")),
    lambda inner: (
        st.builds("<{0}>{1}</{0}>".format, st.sampled_from(["b", "i", "span", "div", "p", "td"]), inner)
        | st.lists(inner, max_size=4).map(" ".join)
    ),
    max_leaves=12,
)


@given(inline)
def test_the_words_are_those_that_a_browser_shows(source):
    assert text_of(source).replace(" | ", " ").split() == shown_in_a_browser(source).split()


def shown_in_a_browser(source: str) -> str:
    body = LexborHTMLParser(re.sub("</?(?:p|div|td)>", " ", source)).body
    return body.text() if body else ""


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "<div>",
            "<b>",
            "<b><p>",
            "<table><tr><td>x",
            "<ul><li>x",
            "<ol><li>x",
            "<a href=u>x",
            "</p>",
            "<i></b>",
            "<div></p>",
        ),
        *(
            "<",
            "<a",
            "<a ",
            "<!",
            "<!--",
            "</",
            "&",
            "&#9",
            "{{",
            "{{a}}",
            "{{ a ",
            "\0",
            " ",
            "<p hidden>x",
            "<pre>\n x",
            '<a b="',
        ),
    ],
)
def test_hostile_html_takes_no_longer_than_its_length(piece):
    began = time.process_time()
    text_of(piece * 50_000)

    # As measured 0.3 s at most; what looks back or ahead for each piece takes minutes.
    assert time.process_time() - began < 10


def test_formatting_left_open_is_not_multiplied():
    opened = "<p>" + "".join(f"<b class=c{number}>" for number in range(5_000)) + "</p>"

    assert text_of(opened + "<p>x</p>" * 5_000) == "\n\n".join("x" * 5_000)


def test_a_tag_of_a_megabyte_is_one_tag():
    assert text_of("<a " + "a " * 500_000 + 'href="https://a.example">x</a>') == "x (https://a.example)"

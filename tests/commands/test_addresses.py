"""Which addresses are taken, and in which form: as email-validator says, only twenty times as fast."""

import string
import time

import email_validator
import pytest
from hypothesis import given, strategies as st

from couvert.commands.addresses import AddressFault, normalise, normalise_sender

ATEXT = string.ascii_letters + string.digits + "!#$%&'*+/=?^_`{|}~-"
NEARLY = st.text(ATEXT + '."@ ()<>[]\\,;:\x00\n\x7fäßµ。\u2028\u202e\U0001f600', max_size=12)
DOMAINISH = st.text(string.ascii_letters + string.digits + "-._xn\u00fc", max_size=70)
ADDRESSES = st.one_of(
    st.builds("{}@{}".format, NEARLY, DOMAINISH),
    st.builds(
        "{}@{}.{}".format,
        st.text(ATEXT + ".", max_size=70),
        DOMAINISH,
        st.sampled_from(["com", "test", "c1", "xn--p1ai", ""]),
    ),
    st.builds(
        "{}@{}".format,
        st.text(ATEXT, min_size=1),
        st.lists(st.text(string.ascii_letters + "-3", max_size=64), max_size=5).map(".".join),
    ),
    st.emails(),
    st.text(max_size=300),
)


@given(ADDRESSES)
def test_addresses_are_judged_as_email_validator_judges_them(text):
    try:
        expected = email_validator.validate_email(text.strip(" "), check_deliverability=False)
    except email_validator.EmailNotValidError:
        with pytest.raises(AddressFault):
            normalise(text)
    else:
        local, _, domain = normalise(text).rpartition("@")
        assert domain == expected.domain
        # Of `INFO@` it makes `info@` (RFC 2142); what stands before the @ is none of our business.
        assert expected.local_part in (local, local.lower())


@given(ADDRESSES)
def test_an_address_in_its_normal_form_stays_as_it_is(text):
    try:
        once = normalise(text)
    except AddressFault:
        return

    assert normalise(once) == once


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("John.Doe+tag@EXAMPLE.Com", "John.Doe+tag@example.com"),
        ("INFO@example.com", "INFO@example.com"),
        (" a@example.com ", "a@example.com"),
        ("bounced@sandbox.test", "bounced@sandbox.test"),
        ("printer@office.local", "printer@office.local"),
        ("jörg@büro.local", "jörg@büro.local"),
        ("a@Bücher.example", "a@bücher.example"),
        ("a@xn--bcher-kva.example", "a@bücher.example"),
        ("o'brien@example.co.uk", "o'brien@example.co.uk"),
    ],
)
def test_an_address_is_kept_with_its_domain_in_lower_case(text, kept):
    assert normalise(text) == kept


@pytest.mark.parametrize(
    "text",
    ["", "@", "a", "a@", "@b.example", "a@localhost", "a b@example.com", "A <a@example.com>", '"a"@example.com',
     "a@[127.0.0.1]", "a@127.0.0.1", "a@example.com\n", "a\r\nBcc: b@example.com", "a@example..com", ".a@example.com",
     "a@-example.com", "a@exa_mple.com", "a@ab--cd.example", "a,b@b.example", "\ud800@example.com", "a\x00@b.example"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text):
    with pytest.raises(AddressFault, match=r"."):
        normalise(text)


def test_an_address_has_254_characters_at_most():
    domain = "@" + ".".join(["d" * 60] * 3) + ".example"

    assert normalise("a" * (254 - len(domain)) + domain)
    with pytest.raises(AddressFault, match="too long"):
        normalise("a" * (255 - len(domain)) + domain)


@pytest.mark.parametrize(
    "text", ["a" * 5_000_000, "@" * 5_000_000, "ü@" * 2_500_000, "a." * 2_500_000 + "@b.example", " " * 5_000_000]
)
def test_five_million_characters_are_refused_at_once(text):
    started = time.process_time()

    with pytest.raises(AddressFault):
        normalise(text)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(("text", "kept"), [
    (" Shop@Example.com ", "shop@example.com"),
    ("Example.COM", "example.com"),
    ("*.Example.com", "*.example.com"),
    ("xn--bcher-kva.example", "bücher.example"),
])  # fmt: skip
def test_a_sender_of_a_key_is_kept_in_the_form_of_addresses(text, kept):
    assert normalise_sender(text) == kept


@pytest.mark.parametrize(
    "text", ["", "*", "*.", "@example.com", "localhost", "*.*.example.com", "a b.example", "*@b.c"]
)
def test_what_is_neither_address_nor_domain_is_no_sender(text):
    with pytest.raises(AddressFault):
        normalise_sender(text)

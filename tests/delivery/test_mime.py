"""The bytes of a message: read back by the standard library, they say what was put in, and nothing else."""

import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP, default
from email.utils import parseaddr
from quopri import decodestring
from typing import Any

import pytest
from hypothesis import assume, example, given, strategies as st

from couvert.delivery.mime import HeaderInjection, Mailbox, Outline, build_message

NOW = datetime(2025, 1, 27, 10, 30, 5, tzinfo=UTC)
ALICE = Mailbox("alice@acme.example", "Alice")
BOB = Mailbox("bob@team.example", "Bob")

characters = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])
lines = st.text(characters) | st.text("ab ?=_é€😀", max_size=300) | st.text(st.sampled_from("a =?"), min_size=60)
controls = st.sampled_from([chr(code) for code in [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029]])
bodies = st.text(st.characters(exclude_categories=["Cs"])) | st.lists(
    st.sampled_from(
        [
            "\r\n",
            "\r",
            "\n",
            ".",
            "..",
            "From me",
            " ",
            "\t",
            "x" * 991,
            "y" * 75,
            "=",
            "=20",
            "--=_",
            "é",
            "😀" * 80,
            "\0",
        ]
    ),
    max_size=12,
).map("".join)


def built(**changes: Any) -> bytes:
    usual: dict[str, Any] = {
        "message_id": "<dlv_1@acme.example>",
        "date": NOW,
        "sender": ALICE,
        "recipient": BOB,
        "subject": "Hello",
        "html": "<p>Hello</p>",
        "text": "Hello",
    }
    return build_message(**usual | changes)


def read(message: bytes) -> EmailMessage:
    """As a receiver reads it, who finds nothing to object to."""
    parsed = message_from_bytes(message, policy=default)
    assert isinstance(parsed, EmailMessage)
    for part in parsed.walk():
        assert part.defects == []
        assert [defect for value in part.values() for defect in value.defects] == []
    return parsed


def arrived(body: str) -> str:
    """A body as it arrives: CRLF line ends, the last one included."""
    normal = re.sub("\r\n|\r|\n", "\r\n", body)
    return normal if normal.endswith("\r\n") else normal + "\r\n"


def content(part: MIMEPart | None) -> str:
    assert part is not None
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode(part.get_content_charset("missing"))


def test_a_mail_is_these_bytes():
    message = built(
        subject="Déjà vu",
        html="<p>Hi &amp; bye</p>\n",
        text="Hi €\n",
        reply_to=Mailbox("help@acme.example", "Help, please"),
        headers=[("List-Unsubscribe", "<https://acme.example/u>"), ("X-Campaign", "spring")],
    )

    assert message.decode("ascii").split("\r\n") == [
        "Message-ID: <dlv_1@acme.example>",
        "Date: Mon, 27 Jan 2025 10:30:05 +0000",
        "To: Bob <bob@team.example>",
        "Subject: =?utf-8?q?D=C3=A9j=C3=A0_vu?=",
        "From: Alice <alice@acme.example>",
        'Reply-To: "Help, please" <help@acme.example>',
        "List-Unsubscribe: <https://acme.example/u>",
        "X-Campaign: spring",
        "MIME-Version: 1.0",
        'Content-Type: multipart/alternative; boundary="=_92529f39"',
        "",
        "--=_92529f39",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64",
        "",
        "SGkg4oKsDQo=",
        "",
        "--=_92529f39",
        "Content-Type: text/html; charset=utf-8",
        "Content-Transfer-Encoding: 7bit",
        "",
        "<p>Hi &amp; bye</p>",
        "",
        "--=_92529f39--",
        "",
    ]


# What goes in comes out.


@given(lines, lines)
@example("  spaces  at the ends  ", "=?utf-8?q?not_an_encoded_word?=")
@example("x" * 2_000, "word " * 40 + "end")
@example("😀" * 100, "é" * 100)
def test_any_subject_and_header_arrive_as_they_were_written(subject, value):
    message = read(built(subject=subject, headers=[("X-Note", value)]))

    assert message["Subject"] == subject
    assert message["X-Note"] == value


@given(lines, lines)
@example('"quoted", \\ <and> (more); @', "J. R. R.")
@example("=?utf-8?q?x?=", " ")
def test_any_name_arrives_as_it_was_written(sender, recipient):
    message = built(sender=Mailbox("a@acme.example", sender), recipient=Mailbox("b@team.example", recipient))
    raw = message_from_bytes(message)

    for header, name, address in (("From", sender, "a@acme.example"), ("To", recipient, "b@team.example")):
        (only,) = read(message)[header].addresses
        assert only.addr_spec == address
        # `display_name` of Python 3.11 puts a space between the encoded words of one long name; this follows RFC 2047.
        shown, _ = parseaddr(raw[header])
        assert str(make_header(decode_header(shown))) == name


@given(bodies, bodies)
@example("\n.\n..\n.hidden\n", "From here\nFrom there\n")
@example("trailing \nspace\t\n ", "--=_92529f39--\n--=_\n")
@example(("x" * 75 + " From here ") * 3 + "é", "bare\rCR\r\rand\nLF\r\n")
def test_any_body_arrives_as_it_was_written(text, html):
    message = read(built(text=text, html=html))

    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert content(message.get_body(["plain"])) == arrived(text)
    assert content(message.get_body(["html"])) == arrived(html)


@given(bodies)
def test_a_mail_of_one_part_is_that_part(body):
    for kind, message in (("plain", read(built(html=None, text=body))), ("html", read(built(html=body, text=None)))):
        assert not message.is_multipart()
        assert message.get_content_type() == f"text/{kind}"
        assert content(message) == arrived(body)


def test_a_mail_without_any_part_is_refused():
    with pytest.raises(ValueError, match="HTML or a text"):
        built(html=None, text=None)


@pytest.mark.parametrize(
    "address",
    [
        "bob@team.example",
        "b.o'b+tag@team.example",
        '"bob, the builder"@team.example',
        '"b\\"o@b"@team.example',
        "bob@[127.0.0.1]",
        "bob@xn--bcher-kva.example",
        "b" * 64 + "@" + "long." * 36 + "example",
    ],
)
@pytest.mark.parametrize("name", [None, "", "Bob", "Bob " * 18, "Böb"])
def test_an_address_arrives_as_it_was_written(address, name):
    (only,) = read(built(recipient=Mailbox(address, name)))["To"].addresses

    assert only.addr_spec.replace('\\"', '"') == address.replace('\\"', '"')


def test_an_address_outside_ascii_stands_there_as_it_is_for_relays_that_take_it():
    message = built(recipient=Mailbox("jörg@xn--bcher-kva.example", "Jörg"), text="é", html=None)

    assert "To: =?utf-8?q?J=C3=B6rg?= <jörg@xn--bcher-kva.example>\r\n".encode() in message
    assert [line for line in message.split(b"\r\n") if not line.isascii()] == [message.split(b"\r\n")[2]]


def test_the_date_is_told_in_utc():
    summer = datetime(2025, 7, 1, 0, 15, tzinfo=timezone(timedelta(hours=2)))

    assert b"\r\nDate: Mon, 30 Jun 2025 22:15:00 +0000\r\n" in built(date=summer)
    assert read(built(date=summer))["Date"].datetime == summer


def test_a_time_that_could_be_anywhere_is_refused():
    with pytest.raises(ValueError, match="Date"):
        built(date=NOW.replace(tzinfo=None))


# Nothing else comes out.


@given(st.text(characters | controls), st.integers(0, 20), controls | st.just("\r\nBcc: charlie@evil.example\r\n"))
def test_a_recipients_name_can_never_add_a_header(name, at, control):
    with pytest.raises(HeaderInjection, match=r"^To: "):
        built(recipient=Mailbox("bob@team.example", name[:at] + control + name[at:]))


@pytest.mark.parametrize("control", ["\r", "\n", "\r\n ", "\0", "\x0b", "\x0c", "\x1c", "\x7f", "\x85", "\u2028"])
@pytest.mark.parametrize(
    ("header", "change"),
    [
        ("Subject", lambda value: {"subject": value}),
        ("From", lambda value: {"sender": Mailbox("alice@acme.example", value)}),
        ("From", lambda value: {"sender": Mailbox(value)}),
        ("To", lambda value: {"recipient": Mailbox(value)}),
        ("Reply-To", lambda value: {"reply_to": Mailbox(value)}),
        ("Message-ID", lambda value: {"message_id": value}),
        ("X-Note", lambda value: {"headers": [("X-Note", value)]}),
        ("The name of a header", lambda value: {"headers": [(value, "x")]}),
    ],
    ids=["subject", "sender-name", "sender", "recipient", "reply-to", "message-id", "value", "name"],
)
def test_no_value_can_end_its_line(header, change, control):
    with pytest.raises(HeaderInjection, match=f"^{header}: "):
        built(**change(f"a@b.example{control}Bcc: c@d.example"))


@pytest.mark.parametrize(
    "address",
    [
        *(
            "",
            "bob",
            "bob@",
            "@team.example",
            "bob@team.example, eve@evil.example",
            "bob@team.example> <eve@evil.example",
        ),
        *("bob @team.example", "bob@team .example", "<bob@team.example>", "bob@team.example (Bob)", "a@b@c.example"),
        *(
            "group:bob@team.example;",
            "bob@bücher.example",
            '"bob"eve@team.example',
            '"bob@team.example',
            "bob..b@x.example",
        ),
        "b" * 400 + "@team.example",
    ],
)
def test_an_address_is_one_address(address):
    with pytest.raises(ValueError, match=r"^To: must be one address"):
        built(recipient=Mailbox(address))


@pytest.mark.parametrize(
    "name",
    [
        *(
            "From",
            "to",
            "SUBJECT",
            "Reply-To",
            "Message-Id",
            "Date",
            "MIME-Version",
            "Content-Type",
            "content-anything",
        ),
        *("Cc", "Bcc", "Sender", "Return-Path", "Resent-To", "Received", "X Note", "X-Note:", "", "X-Nöte", "x" * 71),
    ],
)
def test_a_mail_sets_no_header_that_is_not_its_own(name):
    with pytest.raises(ValueError, match="header"):
        built(headers=[(name, "value")])


@pytest.mark.parametrize(
    "message_id", ["", "dlv_1@acme.example", "<a>", "<a@b", "<a@b> <c@d>", "<ä@b>", f"<{'a' * 990}@b>"]
)
def test_a_message_id_is_one_id(message_id):
    with pytest.raises(ValueError, match="Message-ID"):
        built(message_id=message_id)


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("Subject", {"subject": "\ud83d"}),
        ("To", {"recipient": Mailbox("bob@team.example", "\udfff")}),
        ("To", {"recipient": Mailbox("b\ud800b@team.example")}),
        ("X-Note", {"headers": [("X-Note", "\ud800")]}),
        ("text/plain", {"text": "\ud800"}),
        ("text/html", {"html": "<p>\udcff</p>"}),
    ],
)
def test_half_a_character_is_refused_by_the_name_of_its_place(place, change):
    with pytest.raises(ValueError, match=f"^{place}: .*surrogate"):
        built(**change)


# It arrives on any path.


@given(lines, lines, bodies, bodies)
def test_a_message_is_lines_of_ascii_that_every_relay_takes(subject, name, text, html):
    message = built(subject=subject, recipient=Mailbox("bob@team.example", name), text=text, html=html)

    assert message.isascii()
    assert b"\0" not in message
    assert message.endswith(b"\r\n")
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", message)
    assert max(map(len, message.split(b"\r\n"))) <= 998
    assert not re.search(rb"^From |[ \t]\r$", message.partition(b"\r\n\r\n")[2], re.MULTILINE)


@given(lines, lines, st.integers(1, 70))
def test_headers_keep_to_78_characters_as_far_as_their_words_allow(subject, name, length):
    header = "x" * length
    message = built(subject=subject, recipient=Mailbox("bob@team.example", name), headers=[(header, subject)])
    head = message.partition(b"\r\n\r\n")[0].decode()
    longest_word = max(map(len, re.split("[ ]", subject)))

    for line in head.split("\r\n"):
        assert line.strip()
        assert len(line) <= max(78, len(header) + 2 + longest_word)
        assert len(line) <= 76 or not re.search(r"=\?utf-8\?[qb]\?", line) or "=?" not in line
    for word in re.findall(r"=\?utf-8\?[qb]\?\S*", head):
        assert len(word) <= 75


@given(st.text(characters, min_size=1))
def test_no_character_is_cut_in_two(subject):
    assume(not subject.isascii())
    head = built(subject=subject * 9).decode().partition("\r\nFrom:")[0]

    assert "".join(map(decoded, re.findall(r"=\?utf-8\?([qb])\?(\S*)\?=", head))) == subject * 9


def decoded(word: tuple[str, str]) -> str:
    letter, payload = word
    return (decodestring(payload, header=True) if letter == "q" else b64decode(payload)).decode()


def test_an_unsubscribe_link_of_any_length_stays_a_link():
    link = f"<https://acme.example/unsubscribe?token={'x' * 700}>"

    assert f"\r\nList-Unsubscribe: {link}\r\n".encode() in built(headers=[("List-Unsubscribe", link)])


@given(bodies, bodies)
@example("--=_92529f39", "--=_92529f39--")
def test_no_content_can_end_its_part(text, html):
    boundary = b"--=_92529f39"
    message = built(text=text, html=html)

    assert [line for line in message.split(b"\r\n") if line.startswith(b"--=_")] == [
        boundary,
        boundary,
        boundary + b"--",
    ]


def test_a_text_goes_as_it_is_if_it_can_and_in_the_shorter_encoding_if_not():
    assert encodings("plain\nwords") == ["7bit"]
    assert encodings("wide " * 300) == ["quoted-printable"]
    assert encodings("a café in a long line of words that are all but one in plain ASCII") == ["quoted-printable"]
    assert encodings("ελληνικά") == ["base64"]


def encodings(text: str) -> list[str]:
    return [part["Content-Transfer-Encoding"] for part in read(built(text=text, html=None)).walk()]


# One mail, many recipients.


@given(
    st.lists(
        st.tuples(st.sampled_from(["Hi", "Hé"]), st.sampled_from(["a", "é", None]), st.sampled_from(["b", "ü"])),
        max_size=8,
    )
)
def test_an_outline_builds_for_each_recipient_what_it_would_have_built_for_them_alone(mails):
    outline = Outline(ALICE, headers=[("X-Note", "é")])

    for number, (subject, text, html) in enumerate(mails):
        own = {
            "message_id": f"<{number}@acme.example>",
            "date": NOW,
            "recipient": Mailbox(f"r{number}@team.example"),
            "subject": subject,
            "text": text,
            "html": html,
        }
        assert outline.build(**own) == built(**own, sender=ALICE, headers=[("X-Note", "é")])


def test_recipients_learn_nothing_of_each_other():
    outline = Outline(ALICE)
    first, second = (
        outline.build(
            message_id=f"<{number}@acme.example>",
            date=NOW,
            recipient=Mailbox(f"{name}@team.example", name),
            subject=f"For {name}",
            html=f"<p>{name}</p>",
            text=name,
        )
        for number, name in enumerate(["bob", "charlie"])
    )

    assert b"charlie" not in first
    assert b"bob" not in second


def test_a_strict_reader_of_smtp_reads_the_same():
    message = message_from_bytes(built(subject="Für Bob", text="é"), policy=SMTP)

    assert message["Subject"] == "Für Bob"
    assert [part.defects for part in message.walk()] == [[], [], []]

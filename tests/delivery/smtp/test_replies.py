"""What a relay answers is read the same however it is cut into packets, and each code has one meaning."""

import pytest
from hypothesis import given, strategies as st

from couvert.delivery.transport import Held, Refused, Taken, Throttled, TryLater, Unknown
from couvert.delivery.transports.smtp import envelope
from couvert.delivery.transports.smtp.classify import DATA, END, MAIL, RCPT, RESET, ends_the_session, objection, verdict
from couvert.delivery.transports.smtp.reply import NOT_SMTP, Reply, ReplyReader
from couvert.delivery.transports.smtp.session import Offers
from tests.delivery.smtp.handing import MESSAGE_ID

codes = st.integers(200, 599)
texts = st.binary(max_size=60).filter(lambda text: not {10, 13} & set(text))
replies = st.tuples(codes, st.lists(texts, min_size=1, max_size=4))


def wire(code: int, lines: list[bytes], end: bytes) -> bytes:
    return b"".join(
        b"%d%s%s%s" % (code, b" " if number == len(lines) else b"-", line, end) for number, line in enumerate(lines, 1)
    )


@given(st.lists(replies, max_size=5), st.sampled_from([b"\r\n", b"\n"]), st.data())
def test_replies_are_read_the_same_however_they_are_cut(answers, end, data):
    sent = b"".join(wire(code, lines, end) for code, lines in answers)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=10)))
    reader = ReplyReader()
    read = [
        reply
        for start, stop in zip([0, *cuts], [*cuts, len(sent)], strict=True)
        for reply in reader.feed(sent[start:stop])
    ]
    assert read == [Reply(code, b"\n".join(lines)) for code, lines in answers]
    assert not reader.is_amid


@given(st.binary(max_size=300))
def test_no_bytes_are_too_strange_to_be_read(received):
    for reply in ReplyReader().feed(received):
        assert str(reply).isprintable()
        assert 0 <= reply.code <= 999


def test_a_reply_without_an_end_is_given_up():
    reader = ReplyReader()
    for _ in range(40):
        read = reader.feed(b"x" * 1000)
        if read:
            break
    assert [reply.code for reply in read] == [NOT_SMTP]


def test_a_reply_is_quoted_on_one_line_and_not_at_any_length():
    assert str(Reply(550, b"5.1.1 No\nsuch \xff\x1b[31muser")) == "550 5.1.1 No such \ufffd [31muser"
    assert len(str(Reply(550, b"x" * 10_000))) == 504
    assert str(Reply(250, b"")) == "250"


@pytest.mark.parametrize(
    ("text", "provider_id"),
    [
        (b"2.0.0 Ok: queued as 4XyZ1k0Wz9z1", "4XyZ1k0Wz9z1"),
        (b"OK id=1rTn4Y-0003Xa-2v", "1rTn4Y-0003Xa-2v"),
        (
            b"Ok 0100018d5c8e7f00-8f6f8c3e-1111-2222-3333-444455556666-000000",
            "0100018d5c8e7f00-8f6f8c3e-1111-2222-3333-444455556666-000000",
        ),
        (b"2.0.0 41Fcd3Xy012345 Message accepted for delivery", "41Fcd3Xy012345"),
        (b"2.0.0: 1a2b3c4d Message accepted for delivery", "1a2b3c4d"),
        (b"2.0.0 Ok: queued as <7f@relay.test>", "7f@relay.test"),
        (b"Ok: queued as Wz-1_yA=@mailhog.example", "Wz-1_yA=@mailhog.example"),
        (b"Message queued as RTiI9F1.", "RTiI9F1"),
        (b"Message Queued (8A2B-11.1)", "8A2B-11.1"),
        (b"ok 1700000000 qp 12345", "1700000000 qp 12345"),
        (b"2.0.0 OK  1700000000 5b1f17b1804b1-40a4c5sm123 - gsmtp", "5b1f17b1804b1-40a4c5sm123"),
        (b"2.6.0 <7f@b> [InternalId=4711, Hostname=X.example] 8000 bytes Queued mail for delivery", "4711"),
        (b"2.0.0 OK 5A/12-34567-890ABCDE", "5A/12-34567-890ABCDE"),
    ],
)
def test_the_relays_own_id_is_found_in_what_it_says(text, provider_id):
    assert verdict(Reply(250, text), MESSAGE_ID) == Taken(provider_id)


@pytest.mark.parametrize(
    "text",
    [b"", b"ok", b"2.0.0 Ok", b"Great success", b"Queued (0.5 seconds)", b"Ok: queued as ", b"Ok, thanks"],
)
def test_where_the_relay_names_no_id_ours_stands(text):
    assert verdict(Reply(250, text), "<dlv_1@example.com>") == Taken("dlv_1@example.com")


@given(st.integers(0, 999))
def test_only_a_yes_is_taken_and_only_a_no_is_not_unknown(code):
    outcome = verdict(Reply(code, b""), MESSAGE_ID)
    expected = {2: Taken, 4: TryLater, 5: Refused}.get(code // 100, Unknown)
    assert type(outcome) is expected
    if expected is Unknown:
        assert ends_the_session(END, Reply(code, b""))


@given(st.integers(0, 999), st.sampled_from([MAIL, RCPT, DATA, RESET]))
def test_before_the_content_only_a_5xx_about_the_mail_refuses_it(code, step):
    about_the_mail = 500 <= code < 600 and code not in {500, 502, 503, 521, 530, 534, 535, 538} and step != RESET
    assert isinstance(objection(step, Reply(code, b"")), Refused) == about_the_mail


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (454, b"Throttling failure: Maximum sending rate exceeded.", Throttled),
        (454, b"Throttling failure: Daily message quota exceeded.", Held),
        (450, b"4.7.1 Error: too much mail from 192.0.2.1", Throttled),
        (450, b"4.7.1 Error: too many recipients from 192.0.2.1", Throttled),
        (450, b"4.2.1 The user you are trying to contact is receiving mail at a rate that prevents it", TryLater),
        (451, b"4.7.1 Greylisted, come back later", TryLater),
        (550, b"5.7.1 Error: too much mail from 192.0.2.1", Refused),
    ],
)
@pytest.mark.parametrize("step", [MAIL, RCPT, END])
def test_a_relay_that_says_we_are_too_fast_is_believed(code, text, kind, step):
    assert type(objection(step, Reply(code, text))) is kind


def test_an_offer_is_read_in_every_spelling():
    offers = Offers.announced_in(
        Reply(250, b"relay.test PIPELINING\nsize 1024\nAUTH=LOGIN\nAUTH PLAIN LOGIN\n8bitmime\n\nX Y")
    )
    assert offers == Offers(eight_bit=True, size=True, max_size=1024, logins=frozenset({"PLAIN", "LOGIN"}))


@given(st.lists(st.sampled_from([b".", b"\r\n", b"\n", b"a"]), max_size=12).map(b"".join))
def test_a_dot_stuffed_content_ends_nowhere_but_at_its_end(content):
    said = envelope.dot_stuffed(content) + b".\r\n"
    assert b"\n.\r\n" not in said[:-3]
    assert b"\n.\n" not in said
    assert not said[:-3].startswith((b".\r\n", b".\n"))
    assert said.endswith(b"\n.\r\n") or said == b".\r\n"

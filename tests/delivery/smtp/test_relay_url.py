"""A relay's URL says it all, and a wrong one is answered with what to write instead."""

import traceback

import pytest

from couvert.delivery.transports.smtp import Relay, SmtpTransport, Tls, relay_from_url


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        ("smtp://relay.test", Relay(host="relay.test", port=25)),
        ("smtp://relay.test/", Relay(host="relay.test", port=25)),
        ("smtp://relay.test:2525", Relay(host="relay.test", port=2525)),
        ("smtp://[::1]:2525", Relay(host="::1", port=2525)),
        ("smtp://me:pw@relay.test", Relay(host="relay.test", port=587, user="me", password="pw")),
        ("smtp://me%40home:p%3Aw%2F%C3%B6@h", Relay(host="h", port=587, user="me@home", password="p:w/ö")),
        ("smtp://me:pw@relay.test:25", Relay(host="relay.test", port=25, user="me", password="pw")),
        ("smtps://relay.test", Relay(host="relay.test", port=465, tls=Tls.FROM_THE_START)),
        ("smtps://relay.test?tls=require", Relay(host="relay.test", port=465, tls=Tls.FROM_THE_START)),
        ("smtp://h?tls=require", Relay(host="h", port=25, tls=Tls.REQUIRED)),
        ("smtp://h?tls=off", Relay(host="h", port=25, tls=Tls.OFF)),
        ("smtp://h?verify=off&connections=5", Relay(host="h", port=25, verifies=False, connections=5)),
        ("smtp://h?cafile=/etc/my%20ca.pem", Relay(host="h", port=25, cafile="/etc/my ca.pem")),
        ("smtp://h?auth=plaintext&timeout=2.5", Relay(host="h", port=25, plaintext_login=True, timeout_seconds=2.5)),
        ("smtp://h?hello=mail.example.com", Relay(host="h", port=25, hello="mail.example.com")),
        ("smtp://h?hello=[192.0.2.1]", Relay(host="h", port=25, hello="[192.0.2.1]")),
    ],
)
def test_a_relay_is_one_url(url, relay):
    assert relay_from_url(url) == relay


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("http://relay.test", "starts with smtp:// or smtps://"),
        ("relay.test:25", "starts with smtp:// or smtps://"),
        ("smtp://", "is smtp://user:password@host:port"),
        ("smtp://h/path", "is smtp://user:password@host:port"),
        ("smtp://h#top", "is smtp://user:password@host:port"),
        ("smtp://[::1", "holds an IPv6 address in brackets"),
        ("smtp://h:0", "has a port from 1 to 65535"),
        ("smtp://h:65536", "has a port from 1 to 65535"),
        ("smtp://h:mail", "has a port from 1 to 65535"),
        ("smtp://me@h", "names a user and a password, or neither"),
        ("smtp://:pw@h", "names a user and a password, or neither"),
        ("smtp://me:p%00w@h", "names a user and a password, or neither"),
        ("smtp://h?tls=yes", "has tls=auto or tls=require or tls=off"),
        ("smtps://h?tls=off", "starts with smtp:// to go with tls=off"),
        ("smtp://h?verify=no", "has verify=on or verify=off"),
        ("smtp://h?auth=login", "has auth=plaintext"),
        ("smtp://h?connections=0", "has connections= followed by a number from 1 to 1000"),
        ("smtp://h?connections=many", "has connections= followed by a number from 1 to 1000"),
        ("smtp://h?timeout=0", "has timeout= followed by a number of seconds from 1 to 3600"),
        ("smtp://h?timeout=nan", "has timeout= followed by a number of seconds from 1 to 3600"),
        ("smtp://h?hello=a%0D%0Ab", "has hello= followed by a host name, or an address in brackets"),
        ("smtp://h?colour=red", "knows tls, verify, cafile, auth, hello, connections, timeout, rate and per_day"),
        ("smtp://h?per_day=0", "has per_day= followed by a number of recipients"),
        ("smtp://h?rate=0", "has rate= followed by a number of recipients per second"),
    ],
)
def test_a_wrong_url_is_answered_with_what_is_right(url, advice):
    with pytest.raises(ValueError, match=r"^the URL of an SMTP relay ") as told:
        relay_from_url(url)
    assert advice in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("password", ["sesame/", "sesame?", "sesame#", "sesame@x", ":sesame", "sesame?a=b", "[sesame"])
def test_a_password_written_as_it_is_is_never_repeated(password):
    with pytest.raises(ValueError, match=r"^the URL of an SMTP relay ") as told:
        relay_from_url(f"smtp://me:{password}@h:25?tls=of")
    assert "sesame" not in "".join(traceback.format_exception(told.value))


def test_a_relay_is_shown_without_its_password():
    relay = relay_from_url("smtp://me:sesame@[::1]:25")
    assert str(relay) == "[::1]:25"
    assert "sesame" not in repr(relay)


def test_a_file_of_authorities_that_is_none_is_told_at_the_start(tmp_path):
    for cafile in [tmp_path / "missing.pem", tmp_path]:
        with pytest.raises(ValueError, match="holds no certificates"):
            SmtpTransport(Relay(host="h", port=25, cafile=str(cafile)))


def test_patience_follows_the_timeout():
    patience = relay_from_url("smtp://h?timeout=5").patience
    assert (patience.connect, patience.reply, patience.verdict) == (5, 5, 20)

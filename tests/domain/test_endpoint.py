"""Where webhooks may lead: addresses of the internet, in whatever notation, and nowhere else."""

import pytest

from couvert.domain.endpoint import Endpoint, is_public, parse_endpoint

PRIVATE = [
    "127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "0.0.0.0", "100.64.0.1",
    "169.254.169.254", "198.18.0.1", "192.0.2.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:1:1::80ff:fffe",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_ours_is_never_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_in_the_internet_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "endpoint", "authority"),
    [
        ("https://example.com", ("https", "example.com", 443, "/"), "example.com"),
        ("https://Example.com:8443/a/b?c=d&e", ("https", "example.com", 8443, "/a/b?c=d&e"), "example.com:8443"),
        ("https://[2606:4700::1111]/x", ("https", "2606:4700::1111", 443, "/x"), "[2606:4700::1111]"),
        ("https://example.com?x", ("https", "example.com", 443, "/?x"), "example.com"),
        ("HTTPS://8.8.8.8:443/", ("https", "8.8.8.8", 443, "/"), "8.8.8.8"),
    ],
)
def test_an_address_is_taken_apart(url, endpoint, authority):
    parsed = parse_endpoint(url)
    assert parsed == Endpoint(*endpoint)
    assert parsed.authority == authority


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.com", "must begin with https"),
        ("ftp://example.com", "is no address"),
        ("example.com/hooks", "is no address"),
        ("https://", "is no address"),
        ("https://example.com:port/", "is no address"),
        ("https://example.com:99999/", "is no address"),
        ("https://[::1", "is no address"),
        ("https://[fe80::1%25eth0]/", "is no address"),
        ("https://user:password@example.com/", "user or password"),
        ("https://127.0.0.1\\@example.com/", "plain letters"),
        ("https://example.com/#x", "fragment"),
        ("https://exa\tmple.com/", "plain letters"),
        ("https://example.com/a b", "plain letters"),
        ("https://example.com/\r\nX: y", "plain letters"),
        ("https://bücher.example/", "xn--"),
        ("https://example.com/" + "a" * 2_000, "longer than 2000"),
        ("https://127.0.0.1/", "private network"),
        ("https://[::ffff:10.0.0.1]/", "private network"),
        ("https://169.254.169.254/latest/meta-data", "private network"),
    ],
)
def test_what_leads_nowhere_or_inside_is_refused_with_what_to_write(url, words):
    with pytest.raises(ValueError, match=words):
        parse_endpoint(url)


def test_settings_open_http_and_the_private_network():
    assert parse_endpoint("http://127.0.0.1:9/x", allows_http=True, allows_private=True).port == 9

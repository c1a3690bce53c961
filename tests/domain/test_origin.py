"""The origin check of contract v1: by host, exactly; a port only if it is named; a wildcard for subdomains."""

import pytest
from hypothesis import given, strategies as st

from couvert.domain.origin import candidates, matches, parse_origin, parse_origin_name

labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
hosts = st.lists(labels, min_size=1, max_size=4).map(".".join)
ports = st.integers(1, 65_535)


def covers(name: str, origin: str) -> bool:
    """Whether a key with this origin name, as its owner wrote it, admits a request with this header."""
    stored, parsed = parse_origin_name(name), parse_origin(origin)
    return stored is not None and parsed is not None and matches(stored, parsed)


@pytest.mark.parametrize(("name", "origin"), [
    ("app.example.com", "https://app.example.com"),
    ("app.example.com", "http://app.example.com"),
    ("app.example.com", "https://app.example.com:8443"),
    ("app.example.com", "app.example.com"),
    ("App.Example.COM", "https://app.example.com"),
    ("app.example.com", "HTTPS://APP.EXAMPLE.COM"),
    ("https://app.example.com", "https://app.example.com"),
    ("https://app.example.com/", "app.example.com:81"),
    ("localhost:4321", "http://localhost:4321"),
    ("app.example.com:443", "https://app.example.com"),
    ("app.example.com:80", "http://app.example.com"),
    ("https://app.example.com:443", "https://app.example.com:443"),
    ("*.example.com", "https://app.example.com"),
    ("*.example.com", "https://deep.app.example.com:8443"),
    ("*.example.com:8443", "https://app.example.com:8443"),
    ("bücher.example", "https://xn--bcher-kva.example"),
    ("[::1]:8080", "http://[::1]:8080"),
    ("127.0.0.1", "http://127.0.0.1:4321"),
])  # fmt: skip
def test_a_key_is_good_for(name, origin):
    assert covers(name, origin)


@pytest.mark.parametrize(("name", "origin"), [
    ("app.example.com", "https://example.com"),
    ("app.example.com", "https://www.app.example.com"),
    ("app.example.com", "https://app.example.com.charlie.example"),
    ("app.example.com", "https://charlie.example/app.example.com"),
    ("app.example.com", "https://app.example.com@charlie.example"),
    ("app.example.com", "https://notapp.example.com"),
    ("app.example.com", "https://app-example.com"),
    ("app.example.com", "https://app.example.com."),
    ("*.example.com", "https://app.example.com.:8443"),
    ("app.example.com", "null"),
    ("app.example.com:8443", "https://app.example.com"),
    ("app.example.com:8443", "https://app.example.com:8444"),
    ("app.example.com:443", "http://app.example.com"),
    ("app.example.com:443", "app.example.com"),
    ("*.example.com", "https://example.com"),
    ("*.example.com", "https://notexample.com"),
    ("*.example.com", "https://example.com.charlie.example"),
    ("*.example.com:8443", "https://app.example.com"),
    ("[::1]:8080", "http://[::1:8080]"),
])  # fmt: skip
def test_a_key_is_no_good_for(name, origin):
    assert not covers(name, origin)


@pytest.mark.parametrize("text", [
    "", " ", "*", "*.", "**.example.com", "a.*.example.com", "https://*.example.com", "*.https://example.com",
    "app.example.com/path", "app.example.com?q", "user@app.example.com", "https://", "a b", "-a.example", "a..b",
    "app.example.com:port", "app.example.com:65536", "app.exa\nmple.com", "app\t.example.com", "[::1", "*.[::1]",
    "app.example.com.", "app.example.com.:8080", "*.example.com.", "bücher.example。",
    f"{'a' * 64}.example", f"{'a.' * 127}aaa",
])  # fmt: skip
def test_no_origin_name_is(text):
    assert parse_origin_name(text) is None


@given(hosts, st.none() | ports, st.booleans())
def test_the_stored_form_of_a_name_is_its_own_stored_form(host, port, is_wildcard):
    written = ("*." if is_wildcard else "") + host + ("" if port is None else f":{port}")

    stored = parse_origin_name(written.upper())

    assert stored == written
    assert parse_origin_name(written) == written


@given(hosts, hosts, ports)
def test_only_the_same_host_or_a_parent_of_it_is_ever_a_candidate(host, other, port):
    origin = parse_origin(f"https://{host}:{port}")
    assert origin is not None

    found = set(candidates(origin))

    assert {host, f"{host}:{port}"} <= found
    assert (other in found) == (other == host)
    assert (f"*.{other}" in found) == host.endswith(f".{other}")


@given(st.text())
def test_nothing_that_a_client_sends_as_its_origin_is_an_error(text):
    parse_origin(text)

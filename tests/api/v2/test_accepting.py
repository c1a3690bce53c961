"""Which form of an answer a client would rather have."""

import pytest
from starlette.datastructures import Headers

from couvert.api.v2.accepting import prefers


@pytest.mark.parametrize("accept", [
    "message/rfc822", "Message/RFC822", "message/*", "message/rfc822, */*", "message/rfc822;q=0.5, */*;q=0.1",
    "application/json;q=0.5, message/rfc822", "application/json, message/rfc822", "message/rfc822 ; q=1.000",
    "nonsense, message/rfc822",
])  # fmt: skip
def test_whoever_names_it_and_likes_it_no_less_gets_it(accept):
    assert prefers(Headers({"accept": accept}), "message/rfc822", to="application/json")


@pytest.mark.parametrize("accept", [
    "", "*/*", "application/json", "message/rfc822;q=0", "message/rfc822; Q=0.0, */*", "message/*;q=0, application/*",
    "message/rfc822;q=0.4, application/json;q=0.5", "message/rfc822;q=0.4, */*;q=0.5", "message/*, message/rfc822;q=0",
    "text/message/rfc822", ";;;,,,/", "x" * 10_000,
])  # fmt: skip
def test_whoever_does_not_gets_the_other(accept):
    assert not prefers(Headers({"accept": accept}), "message/rfc822", to="application/json")


def test_several_lines_are_one():
    lines = Headers(raw=[(b"accept", b"application/json;q=0.1"), (b"accept", b"message/rfc822;q=0.2")])

    assert prefers(lines, "message/rfc822", to="application/json")

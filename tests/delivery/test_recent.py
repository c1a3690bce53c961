"""Caches are bounded by what they hold, not by how many things they hold."""

from couvert.delivery.recent import Recent


def test_what_was_put_there_longest_ago_is_forgotten_first():
    recent = Recent[str, str](10, len)
    for key in "abc":
        recent.put(key, key * 4)
    assert [recent.get(key) for key in "abc"] == [None, "bbbb", "cccc"]


def test_what_is_too_heavy_is_not_kept_and_leaves_no_debt():
    recent = Recent[str, str](10, len)
    recent.put("heavy", "x" * 11)
    assert recent.get("heavy") is None
    recent.put("light", "x" * 10)
    assert recent.get("light") == "x" * 10


def test_a_value_put_again_or_taken_out_weighs_once():
    recent = Recent[str, str](10, len)
    for _ in range(5):
        recent.put("a", "aaaa")
    recent.put("b", "bbbb")
    assert recent.pop("b") == "bbbb"
    assert recent.pop("b") is None
    recent.put("c", "cccccc")
    assert recent.get("a") == "aaaa"

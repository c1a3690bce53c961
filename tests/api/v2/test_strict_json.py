"""JSON is read in three ways, quickly, with care and with patience, and whichever it is nobody can tell."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from couvert.api.v2 import strict_json
from couvert.api.v2.strict_json import LONGEST_AT_A_STEP, MOST_AT_A_STEP, NotJson, parsed

PADDING = b" " * LONGEST_AT_A_STEP
COMMAS = b'"' + b"," * (MOST_AT_A_STEP + 1) + b'"'
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
)


def with_care(raw):
    return parsed(raw + PADDING)


def with_patience(raw):
    both: Any = parsed(b"[" + raw + b"," + COMMAS + b"]" + PADDING)
    return both[0]


ways = pytest.mark.parametrize("way", [parsed, with_care, with_patience], ids=["quickly", "with care", "with patience"])


@given(values)
def test_all_ways_come_to_the_same(value):
    raw = json.dumps(value).encode()

    assert parsed(raw) == with_care(raw) == with_patience(raw) == value


COLONS = st.text(alphabet='a:"\\u{}é', max_size=4)


@ways
@given(
    members=st.dictionaries(COLONS, COLONS | st.lists(COLONS), min_size=1, max_size=3),
    value=COLONS,
    gap=st.sampled_from(["", " ", "\n"]),
)
def test_a_name_that_stands_twice_is_found_whatever_colons_there_are(way, members, value, gap):
    name = next(iter(members))
    body = f"{json.dumps(members)[:-1]}, {json.dumps(name)}{gap}:{gap}{json.dumps(value)}}}"

    with pytest.raises(NotJson, match="twice"):
        way(body.encode())


@ways
@pytest.mark.parametrize("colon", ["\\u003a", "\\u003A"])
def test_a_colon_written_as_an_escape_hides_nothing(way, colon):
    assert way(f'{{"a": "{colon}"}}'.encode()) == {"a": ":"}
    with pytest.raises(NotJson, match="twice"):
        way(f'{{"a": "{colon}", "a": "{colon}{colon}"}}'.encode())


@ways
@pytest.mark.parametrize(("raw", "words"), [
    (b'{"a":1,"a":1}', "the name 'a' stands twice"),
    (b'[{"b":{"a":1,"\\u0061":2}}]', "the name 'a' stands twice"),
    (b'{"a":NaN}', "NaN is not JSON"),
    (b'{"a":-Infinity}', "-Infinity is not JSON"),
    (b'{"\\ud800":1}', "half a surrogate pair"),
    (b'{"a":"\xff"}', "not UTF-8"),
    (b'{"a":1', "Expecting"),
    (b"{'a':1}", "Expecting"), (b'{"a":1,}', "Expecting|property name"),
    (b'{"a" 1}', "Expecting"), (b"[1 2]", "Expecting"),
    (b'"a\nb"', "control character"),
    (b"[" * 100_000, "nested too deeply"),
    (b'{"a":' * 100_000, "nested too deeply"),
], ids=str)  # fmt: skip
def test_what_is_no_json_is_refused_with_the_reason(way, raw, words):
    with pytest.raises(NotJson, match=words):
        way(raw)


@ways
def test_a_pair_of_halves_is_a_character(way):
    assert way(b'{"\\ud83d\\ude00":"\\ud83d\\ude00"}') == {"\U0001f600": "\U0001f600"}


def test_many_values_are_read_in_steps_of_python(monkeypatch):
    made: list[json.JSONDecoder] = []

    def noting(decoder):
        made.append(decoder)
        return decoder.scan_once

    monkeypatch.setattr(strict_json, "py_make_scanner", noting)

    parsed(b"[" + b"0," * 600_000 + b"0]")
    parsed(b'["' + b"x" * 1_200_000 + b'"]')

    assert len(made) == 1

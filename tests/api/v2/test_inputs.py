"""Bodies are read the quick way, which must find what the careful one finds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from couvert.api.v2.inputs import parsed
from couvert.api.v2.refusals import Faulty

WORDS = st.text(alphabet='a:"\\u{}é', max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(value=VALUES, is_ascii=st.booleans(), indent=st.sampled_from([None, 2]))
def test_a_body_means_what_it_says(value: Any, is_ascii: bool, indent: int | None) -> None:
    assert parsed(json.dumps(value, ensure_ascii=is_ascii, indent=indent).encode()) == value


@given(
    members=st.dictionaries(WORDS, VALUES, min_size=1, max_size=3), value=VALUES, gap=st.sampled_from(["", " ", "\n"])
)
def test_a_name_that_stands_twice_is_found(members: dict[str, Any], value: Any, gap: str) -> None:
    name = next(iter(members))
    body = f"{json.dumps(members)[:-1]}, {json.dumps(name)}{gap}:{gap}{json.dumps(value)}}}"
    with pytest.raises(Faulty, match="twice"):
        parsed(body.encode())


@pytest.mark.parametrize("colon", ["\\u003a", "\\u003A"])
def test_a_colon_written_as_an_escape_hides_nothing(colon: str) -> None:
    assert parsed(f'{{"a": "{colon}"}}'.encode()) == {"a": ":"}
    with pytest.raises(Faulty, match="twice"):
        parsed(f'{{"a": "{colon}", "a": "{colon}{colon}"}}'.encode())


def test_numbers_that_no_machine_holds_are_read_as_they_stand() -> None:
    assert parsed(b'{"a": 123456789012345678901234567890}') == {"a": 123456789012345678901234567890}

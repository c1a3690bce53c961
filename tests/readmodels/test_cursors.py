"""A cursor leads back to its own list and to no other."""

import pytest
from hypothesis import given, strategies as st

from couvert.domain.refusals import BadCursor
from couvert.readmodels.cursors import cursor_at, place_of

places = st.integers(0, (1 << 63) - 1)


@given(place=places, of=st.text())
def test_it_leads_back(place, of):
    assert place_of(cursor_at(place, of), of) == place


@given(place=places, of=st.text(), other=st.text())
def test_it_leads_nowhere_in_another_list(place, of, other):
    if of != other:
        with pytest.raises(BadCursor):
            place_of(cursor_at(place, of), other)


@given(made_up=st.text())
def test_what_was_made_up_is_refused(made_up):
    with pytest.raises(BadCursor):
        place_of(made_up, "mails")

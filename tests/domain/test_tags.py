"""The tags that travel with a message say which attempt a notice is about."""

import pytest
from hypothesis import given, strategies as st

from couvert.domain.tags import read, tags


@given(st.integers(0, (1 << 63) - 1), st.integers(1, 999_999_999))
def test_what_was_written_is_read(delivery_id, attempt):
    assert read(tags(delivery_id, attempt)) == (delivery_id, attempt)


@pytest.mark.parametrize(
    "tagged",
    [{}, {"couvert-delivery": "dlv_0000000000001"}, {"couvert-delivery": "1", "couvert-attempt": "1"},
     {"couvert-delivery": "dlv_0000000000001", "couvert-attempt": "-1"}],
)  # fmt: skip
def test_a_notice_about_somebody_elses_mail_is_none_of_ours(tagged):
    assert read(tagged) is None

"""How many messages one call takes: ten, and so many bytes."""

from itertools import pairwise

from hypothesis import given, strategies as st

from couvert.delivery.sqs import AT_ONCE, Outgoing, packed

messages = st.lists(
    st.builds(Outgoing, st.text(min_size=1, max_size=30), st.dictionaries(st.sampled_from("ab"), st.text(max_size=5))),
    max_size=40,
)


@given(messages, st.integers(1, 100))
def test_all_go_in_their_order_in_calls_that_sqs_takes(outgoing, most_bytes):
    batches = list(packed(outgoing, most_bytes))

    assert [message for batch in batches for message in batch] == outgoing
    assert all(1 <= len(batch) <= AT_ONCE for batch in batches)
    assert all(sum(m.size for m in batch) <= most_bytes or len(batch) == 1 for batch in batches)


@given(messages, st.integers(1, 100))
def test_no_call_could_have_taken_the_first_of_the_next(outgoing, most_bytes):
    batches = list(packed(outgoing, most_bytes))

    assert all(
        len(batch) == AT_ONCE or sum(m.size for m in batch) + later[0].size > most_bytes
        for batch, later in pairwise(batches)
    )


def test_bytes_are_counted_as_sqs_does_with_names_kinds_and_values():
    assert Outgoing("hällo", {"couvert-id": "ü"}).size == 6 + len("couvert-id") + len("String") + 2

"""Two checksums are equal if and only if both files say the same."""

import sqlite3

from hypothesis import given, strategies as st

from couvert.readmodels.checksum import checksum

rows = st.lists(st.tuples(st.integers(-5, 5) | st.none() | st.text(max_size=2), st.booleans()), max_size=6)


@given(rows=rows, data=st.data())
def test_the_order_of_rows_does_not_matter(rows, data):
    assert sum_of(rows) == sum_of(data.draw(st.permutations(rows)))


@given(rows=rows, others=rows)
def test_any_other_content_has_another_checksum(rows, others):
    is_same = sorted(map(repr, rows)) == sorted(map(repr, others))

    assert (sum_of(rows) == sum_of(others)) == is_same


def test_it_matters_which_table_a_row_is_in():
    assert sum_of([(1, True)], table="mail") != sum_of([(1, True)], table="delivery")


def test_how_far_it_got_is_not_what_it_says():
    assert sum_of([(1, True)], table="checkpoint") == sum_of([])


def sum_of(rows, table="mail"):
    with sqlite3.connect(":memory:") as connection:
        connection.execute(f"create table {table} (a, b)")
        connection.executemany(f"insert into {table} values (?, ?)", rows)
        result = checksum(connection)
    connection.close()
    return result

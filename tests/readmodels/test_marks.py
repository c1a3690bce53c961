"""Marks hide what they are made of, and are equal where one means the same."""

import pytest
from hypothesis import given, strategies as st

from couvert.readmodels.marks import LONGEST_BEGINNING, LONGEST_SUBJECT, Marker, words
from tests.readmodels.following import FIRST, follow

OURS = Marker(b"k" * 32)


def found(subject, search, marker=OURS):
    """Whether a mail with this subject is found by these words."""
    return set(marker.search(search)) <= set(" ".join(marker.text(subject)).split())


@pytest.mark.parametrize(
    ("subject", "search"),
    [
        ("Hello World", "hello"), ("Hello World", "wor HEL"), ("Ärger über ÖPNV", "arger uber opnv"),
        ("naïve café", "CAFE"), ("Straße 7", "strasse"), ("Order 20240017", "2024001"), ("a_b", "b"),
        ("Привет мир", "прив"), ("日本語 メール", "日本"), ("Hello {{name}}", "nam"), ("x" * 80, "x" * 60),
    ],
)  # fmt: skip
def test_the_beginning_of_any_word_finds_it(subject, search):
    assert found(subject, search)


@pytest.mark.parametrize(
    ("subject", "search"), [("Hello World", "orld"), ("Hello", "hello world"), ("Hello", "hello1"), ("", "a")]
)
def test_nothing_else_does(subject, search):
    assert not found(subject, search)


@given(text=st.text(max_size=200))
def test_every_text_finds_itself(text):
    assert found(text, text)
    assert all(word == word.casefold() for word in words(text) if word.isascii())


def test_another_key_makes_other_marks():
    other = Marker(b"o" * 32)

    assert OURS.mark("tag", "a") != other.mark("tag", "a")
    assert not set(OURS.search("hello")) & set(other.search("hello"))


def test_a_value_of_another_kind_is_another_mark():
    assert len({OURS.mark(kind, "x") for kind in ("tag", "email_id", "project_id")} | set(OURS.search("x"))) == 4


def test_the_domain_of_an_address_may_be_in_any_case_and_the_rest_may_not():
    assert OURS.mark("recipient", "bob@EXAMPLE.net") == OURS.mark("recipient", "bob@example.net")
    assert OURS.mark("recipient", "Bob@example.net") != OURS.mark("recipient", "bob@example.net")


def test_a_subject_without_end_has_marks_that_have_one():
    marks = " ".join(OURS.text("word" * 100_000 + " " + "a b c " * 100_000)).split()

    assert len(marks) <= LONGEST_SUBJECT
    assert len(set(OURS.text("x" * 1_000).__next__().split())) == LONGEST_BEGINNING


async def test_the_read_models_hold_neither_addresses_nor_words(world):
    await world.accept()
    follow(world.directory)

    for path in world.directory.glob(f"{FIRST}*"):
        content = path.read_bytes()
        assert b"example.net" not in content
        assert b"hello" not in content.lower()

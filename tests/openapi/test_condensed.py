"""What many calls have in common is told once."""

from copy import deepcopy

from hypothesis import given, strategies as st

from couvert.openapi.condensed import MOST_ALIKE, condensed
from couvert.openapi.differ import differences
from couvert.openapi.difference import Difference, Kind
from tests.openapi.documents import Json, answering, fields

FAILURE = {"$ref": "#/components/schemas/Failure"}


def many(calls: int, **properties: Json) -> Json:
    one = answering(FAILURE, Failure=fields((), **properties))
    [item] = one["paths"].values()
    answer = item["post"]["responses"]["202"]
    item["post"]["responses"] = {"400": answer, "404": answer}
    one["paths"] = {f"/v2/{n}": deepcopy(item) for n in range(calls)}
    return one


def test_a_change_of_what_all_answers_share_is_one():
    found = differences(many(9, code={}), many(9, code={}, id={}))

    assert len(found) == 18
    words = "The field was added. In POST /v2/0, POST /v2/1, POST /v2/2 and 6 more."
    assert condensed(found) == [Difference(Kind.ADDED, "9 calls answers id", words, is_breaking=False)]


def test_of_one_status_it_is_told_with_it():
    old, new = many(9), many(9)
    for item in new["paths"].values():
        del item["post"]["responses"]["404"]

    assert [told.where for told in condensed(differences(old, new))] == ["9 calls answer 404"]


def test_a_change_of_few_calls_is_told_of_each():
    found = differences(many(MOST_ALIKE, code={}), many(MOST_ALIKE, id={}))

    assert condensed(found) == sorted(found, key=lambda difference: difference.kind is Kind.REMOVED)


places = st.builds(
    "{} {}{}".format,
    st.sampled_from(["GET", "POST"]),
    st.sampled_from(["/v2/a", "/v2/b", "/v2/c"]),
    st.sampled_from(["", " request", " request x", " answer 200 x", " answer 404 x", " parameter x"]),
)
found = st.builds(Difference, st.sampled_from(Kind), places, st.sampled_from(["a", "b"]), st.booleans())


@given(st.lists(found, unique=True))
def test_nothing_is_lost_and_nothing_breaking_becomes_harmless(listed):
    told = condensed(listed)

    assert {(each.kind, each.sentence[:1]) for each in told} == {(each.kind, each.sentence) for each in listed}
    assert any(each.is_breaking for each in told) == any(each.is_breaking for each in listed)

"""Tags of sequences nest: four levels deep, a hundred on a level."""

from __future__ import annotations

import pytest

from sequences import tags


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("EMEA", "EMEA"),
        (" cold   mail ", "cold mail"),
        ("Region /  EMEA/DACH", "Region/EMEA/DACH"),
        ("", ""),
        (" / ", ""),
    ],
)
def test_a_tag_is_a_word_or_a_path_of_words(text: str, tag: str) -> None:
    assert tags.read(text) == tag


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a/b/c/d/e", "4 levels deep"),
        ("Region//EMEA", "nothing on one side of a slash"),
        ("/EMEA", "nothing on one side of a slash"),
        ("x" * 31, "longer than 30"),
        ("a/" + "x" * 31, "longer than 30"),
    ],
)
def test_what_is_none_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(tags.WrongTag, match=why):
        tags.read(text)


def test_the_hundred_and_first_on_a_level_is_refused() -> None:
    known = [f"Region/R{n}" for n in range(100)]
    tags.require_room(known, ["region/r7", "Region/R8/Below", "Other"])
    with pytest.raises(tags.WrongTag, match="100 tags under “Region” already"):
        tags.require_room(known, ["Region/New"])
    with pytest.raises(tags.WrongTag, match="on the first level"):
        tags.require_room([f"T{n}" for n in range(100)], ["New"])
    tags.require_room([f"T{n}" for n in range(120)], ["T3"])


def test_a_tag_stands_under_those_above_it() -> None:
    assert tags.is_under("Region/EMEA/DACH", "region/emea")
    assert tags.is_under("Region", "REGION")
    assert not tags.is_under("Regional", "Region")
    assert not tags.is_under("Region", "Region/EMEA")


def test_the_tree_has_those_above_and_is_in_order() -> None:
    found = tags.tree(["Zoo", "Region/EMEA/DACH", "region/APAC", "Region/EMEA"])
    assert [path for path, _ in found] == ["Region", "region/APAC", "Region/EMEA", "Region/EMEA/DACH", "Zoo"]
    assert dict(found)["Region/EMEA/DACH"] == "\u2003\u2003DACH"

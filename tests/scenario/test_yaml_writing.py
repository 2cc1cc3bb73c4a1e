from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.scenario.yaml_nodes import compose
from bench.scenario.yaml_writing import comment, scalar

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def read(text: str) -> Any:
    document = compose(text)
    assert document.root is not None
    assert not document.problems
    return document.root.plain()


@given(TEXT)
@example("")
@example("null")
@example("1.5")
@example("true")
@example("GET /users: 7")
@example("GET /a:")
@example("-")
@example("~")
@example("\x00\x85\u2028\ufeff\U0001f600")
def test_a_scalar_is_read_as_the_text_it_was_in_a_list_a_mapping_and_within_braces(text: str) -> None:
    written = scalar(text)
    assert read(f"- {written}  # a comment\n") == [text]
    assert read(f"{written}: {written}\n") == {text: text}
    assert read(f"a: {{b: {written}, c: [{written}, x]}}\n") == {"a": {"b": text, "c": [text, "x"]}}


@pytest.mark.parametrize(
    "text",
    ["GET /", "GET /users/7", "shop.web:app", "shop:create_app()", "../shop/.venv/bin/python", "flask"],
)
def test_what_a_person_would_write_without_quotation_marks_has_none(text: str) -> None:
    assert scalar(text) == text


@given(TEXT)
def test_a_comment_is_one_line_that_changes_nothing(text: str) -> None:
    assert read(f"a: 1  # {comment(text)}\nb: 2\n") == {"a": 1, "b": 2}

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.scenario.yaml_nodes import MOST_LEVELS, MOST_NODES, Node, compose
from tests.scenario.strategies import JSON, written


def value_of(text: str) -> Any:
    document = compose(text)
    assert document.problems == []
    assert document.root is not None
    return document.root.plain()


def mistakes_in(text: str) -> list[str]:
    return [f"{problem.line}:{problem.column} {problem.what}" for problem in compose(text).problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1:30", "1:30"),
        ("no", "no"),
        ("2024-01-01", "2024-01-01"),
        ("1_000", "1_000"),
        ("=", "="),
        ("0x1F", 31),
        ("0o17", 15),
        ("017", 17),
        ("-12", -12),
        ("1.5", 1.5),
        (".5e1", 5.0),
        ("1e3", 1000.0),
        ("~", None),
        ("Null", None),
        ("TRUE", True),
        ("False", False),
        ("'1'", "1"),
        ('"null"', "null"),
        ("! 1", "1"),
        ("|\n a\n b", "a\nb"),
        ("[a, {b: c}]", ["a", {"b": "c"}]),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ('"<<": 1', {"<<": 1}),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    read = value_of(text)
    assert (read, type(read)) == (value, type(value))


def test_every_part_knows_its_line_and_column() -> None:
    root = compose("a: 1\nb:\n  - x\n  - {c: d}\n").root
    assert isinstance(root, Node)
    assert isinstance(root.value, dict)
    key, items = root.value["b"]
    assert (key.line, key.column) == (2, 1)
    assert isinstance(items.value, list)
    assert [(item.line, item.column) for item in items.value] == [(3, 5), (4, 5)]


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("a: 1\nb: 2\na: 3", ["3:1 the key `a` is there twice"]),
        (
            "a: {b: 1, b: 2}\nc: 1\nc: 2",
            ["1:11 the key `b` is there twice", "3:1 the key `c` is there twice"],
        ),
        (
            "1: a\nnull: b\n[x]: c",
            ["1:1 a key must be text", "2:1 a key must be text", "3:1 a key must be text"],
        ),
        (
            "a: .nan\nb: -.inf\nc: 1e999",
            [
                "1:4 `.nan` is not a finite number",
                "2:4 `-.inf` is not a finite number",
                "3:4 `1e999` is not a finite number",
            ],
        ),
        ("a: 999999999999999999999", ["1:4 `999999999999999999999` is too large a number"]),
        ("a: !!python/object:os.system x", ["1:4 the tag `!!python/object:os.system` is not allowed"]),
        (
            "a: !mine [1]\nb: !!int '1'",
            ["1:4 the tag `!mine` is not allowed", "2:4 the tag `!!int` is not allowed"],
        ),
        ("<<: {a: 1}", ["1:1 merge keys (`<<`) are not part of YAML 1.2"]),
        ("a: *x", ["1:4 no anchor `&x` is complete before this alias"]),
        ("a: &x [*x]", ["1:8 no anchor `&x` is complete before this alias"]),
        ("a: 1\n---\nb: 2", ["2:1 a second document starts here"]),
        ('a: "\\ud800"', ["1:4 half a character (a lone surrogate)"]),
        ("a: b: c", ["1:5 this is not YAML: mapping values are not allowed here"]),
        ("a:\n\tb: 1", ["2:1 this is not YAML: found character '\\t' that cannot start any token"]),
        ("a: [1,\n", ["2:1 this is not YAML: expected the node content, but found the end of the file"]),
        ("a: x\n b\0", ["2:3 the character `\\x00` cannot stand in YAML"]),
        (
            "{a: 1, a: 2",
            [
                "1:8 the key `a` is there twice",
                "1:12 this is not YAML: expected ',' or '}', but got the end of the file",
            ],
        ),
        ('"\\UFFFFFFFF"', ["1:1 this is not YAML: `Python int too large to convert to C int`"]),
        ("%YAML 1.3\n---\na", ["1:1 this is not YAML: `version minor part can only be 2 or 1, got (1, 3)`"]),
    ],
)
def test_a_mistake_is_reported_where_it_stands(text: str, mistakes: list[str]) -> None:
    assert mistakes_in(text) == mistakes


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "[? "])
def test_deep_nesting_is_refused(opening: str) -> None:
    (mistake,) = mistakes_in(opening * 10_000)
    assert mistake.endswith(f"nested more than {MOST_LEVELS} levels deep")


def test_nesting_through_aliases_is_refused() -> None:
    text = "a0: &a0 [x]\n" + "".join(f"a{i + 1}: &a{i + 1} [*a{i}]\n" for i in range(MOST_LEVELS))
    (mistake,) = mistakes_in(text)
    assert mistake.endswith(f"nested more than {MOST_LEVELS} levels deep")


def test_nesting_up_to_the_limit_is_read() -> None:
    assert mistakes_in("[" * MOST_LEVELS + "]" * MOST_LEVELS) == []


def test_an_alias_bomb_is_refused_by_what_it_unfolds_to() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * 9)}]" for i in range(30)]
    (mistake,) = mistakes_in("\n".join(lines))
    assert mistake.endswith(f"more than {MOST_NODES:,} values, aliases unfolded")


@given(JSON)
def test_what_another_yaml_library_writes_is_read_as_it_was(data: Any) -> None:
    assert value_of(written(data)) == data


TOKENS = st.lists(
    st.sampled_from(
        [*"[]{},:-?&*!|>'\"%@`#~<=\\ \t\n", "<<", "1", ".nan", "---", "...", "&a ", "*a", "!!x ", "%YAML"]
    )
)


@given(st.text() | TOKENS.map("".join))
def test_any_text_is_read_or_refused_but_never_fails(text: str) -> None:
    document = compose(text)
    if document.root is not None:
        document.root.plain()
    assert all(problem.line >= 1 and problem.column >= 1 and problem.what for problem in document.problems)

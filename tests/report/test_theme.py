"""Colours that can be read, styles that tell deployments apart, labels that fit."""

import re
from importlib.resources import files
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.report.plots.canvas import held, spread
from bench.report.theme import DEPLOYMENT_COLOURS, ROLES, label, placeholder, styles_of
from bench.report.words import first_of, listed

NAMES = [f"server-{number}" for number in range(40)]

# Machado, Oliveira and Fernandes 2009, full severity, in linear RGB
VISION = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def themes() -> dict[str, dict[str, np.ndarray]]:
    style_sheet = (files("bench.report") / "templates" / "report.css").read_text()
    light, dark, *_ = style_sheet.split("(prefers-color-scheme: dark)")
    return {"light": colours(light), "dark": colours(dark)}


def colours(style_sheet: str) -> dict[str, np.ndarray]:
    found = re.findall(r"--([a-z0-9-]+): #([0-9a-f]{6})", style_sheet)
    return {name: linear(bytes.fromhex(digits)) for name, digits in found}


def linear(colour: bytes) -> np.ndarray:
    share = np.frombuffer(colour, np.uint8) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    low, high = sorted(float(TO_XYZ[1] @ each) for each in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(colour: np.ndarray) -> np.ndarray:
    relative = np.clip(TO_XYZ @ colour / np.array([0.9505, 1.0, 1.089]), 0, None)
    f = np.where(relative > 0.008856, np.cbrt(relative), 7.787 * relative + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_marks_can_be_read_on_the_page(theme: str) -> None:
    palette = themes()[theme]
    for role in ("ink", "muted", "accent", "alarm", "good"):
        assert contrast(palette[role], palette["paper"]) >= 4.5, role
    for role in (role for role in ROLES if role.startswith("d")):
        assert contrast(palette[role], palette["paper"]) >= 3, role


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_of_deployments_stay_apart_for_colour_blind_readers(theme: str, vision: str) -> None:
    palette = themes()[theme]
    seen = {
        role: lab(np.clip(VISION[vision] @ palette[role], 0, 1)) for role in ROLES if role.startswith("d")
    }
    for one, other in combinations(seen, 2):
        assert np.linalg.norm(seen[one] - seen[other]) > 14, (one, other)


def test_both_themes_give_every_role_a_colour() -> None:
    for palette in themes().values():
        assert set(ROLES) <= palette.keys()


def test_placeholders_are_one_a_role() -> None:
    assert len({placeholder(role) for role in ROLES}) == len(ROLES)


def test_deployments_are_told_apart_by_marker_as_well_as_by_colour() -> None:
    styles = list(styles_of(NAMES).values())
    first = styles[:DEPLOYMENT_COLOURS]
    assert len({style.marker for style in first}) == len({style.mark for style in first}) == len(first)
    assert len({(style.role, style.marker) for style in styles}) == len(styles)


@given(st.text())
def test_a_label_is_printable_and_short(text: str) -> None:
    shown = label(text)
    assert len(shown) <= 22
    assert all(character.isprintable() for character in shown)


def test_a_long_label_keeps_both_of_its_ends() -> None:
    assert label("gunicorn-with-eight-threads-and-four-workers").startswith("gunicorn")
    assert label("gunicorn-with-eight-threads-and-four-workers").endswith("workers")


@given(st.lists(st.floats(0, 300), max_size=12), st.floats(1, 20))
def test_labels_moved_apart_do_not_overlap_and_keep_their_order(positions: list[float], gap: float) -> None:
    moved = spread(positions, gap)
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    assert len(moved) == len(positions)
    assert all(moved[high] - moved[low] >= gap - 1e-6 for low, high in pairwise(order))


@given(st.lists(st.integers(0, 20), max_size=12, unique=True))
def test_labels_that_have_room_stay_where_they_are(places: list[int]) -> None:
    assert spread([place * 16.0 for place in places], 16) == pytest.approx([place * 16.0 for place in places])


def test_labels_at_one_place_are_laid_around_it() -> None:
    assert spread([100, 100, 100], 16) == [84, 100, 116]


@given(st.lists(st.floats(0, 300), max_size=12), st.floats(1, 20))
def test_labels_that_are_held_within_the_figure_still_do_not_overlap(
    positions: list[float], gap: float
) -> None:
    most = max(300.0, gap * len(positions))
    moved = held(spread(positions, gap), gap, most)
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    assert all(moved[high] - moved[low] >= gap - 1e-6 for low, high in pairwise(order))
    assert all(-1e-6 <= place <= most + 1e-6 for place in moved)


def test_of_many_names_the_first_are_listed_and_the_others_counted() -> None:
    assert listed(first_of(list("abcdef"))) == "a, b, c, d, e and f"
    assert listed(first_of(list("abcdefg"))) == "a, b, c, d and 3 others"

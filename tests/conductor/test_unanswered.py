"""What is said of an app of which no path answers 200."""

import pytest

from bench.conductor.inspection.inspected_app import InspectedAnswer, InspectedApp, Rule
from bench.conductor.inspection.unanswered import way_out


def answering(*answers: InspectedAnswer, rules: tuple[Rule, ...] = (Rule("/"),)) -> InspectedApp:
    return InspectedApp("app", "an app", True, rules, {answer.path: (answer,) * 4 for answer in answers})


TO_HTTPS = InspectedAnswer("/", 301, location="https://127.0.0.1:8001/")
NOT_FOUND = InspectedAnswer("/", 404)
BAD_HOST = InspectedAnswer("/x", 400)
FILES = Rule("/static/<path:filename>", arguments=("filename",), static="/files")


@pytest.mark.parametrize(
    ("app", "said"),
    [
        (answering(NOT_FOUND, rules=()), "no URL map to read, so that only / was asked for"),
        (answering(rules=(FILES,)), "name the function that makes the app"),
        (answering(TO_HTTPS, BAD_HOST), "from http to https"),
        (answering(NOT_FOUND, BAD_HOST), "may answer under another host name alone"),
    ],
)
def test_what_may_be_the_matter_is_told_from_what_came(app: InspectedApp, said: str) -> None:
    assert said in way_out(app)


def test_nothing_is_guessed_where_the_answers_tell_nothing() -> None:
    assert way_out(answering(NOT_FOUND, InspectedAnswer("/x", 401))) == ""
    assert way_out(answering(InspectedAnswer("/", 302, location="/login"))) == ""
    assert way_out(answering()) == ""

from bench.conductor.answers import expected_of
from bench.load.expectations import Expected, HeaderCheck
from bench.scenario.model import Expectation


def expected(**parts: object) -> Expected:
    return expected_of(Expectation.model_validate(parts))


def test_a_body_that_is_the_same_everywhere_is_not_known_before_it_was_seen() -> None:
    assert expected() == expected(body="any") == Expected(status=200, body=None)


def test_a_body_is_expected_as_the_scenario_says() -> None:
    checks = {"equal": "\u00e4", "contains": ["a", "\u00e4"], "json": {"$.a": [1, None]}, "sha256": "0" * 64}
    assert expected(status=404, body=checks) == Expected(
        status=404,
        body=b"\xc3\xa4",
        contains=(b"a", b"\xc3\xa4"),
        json=(("$.a", [1, None]),),
        sha256="0" * 64,
    )


def test_an_empty_body_can_be_expected() -> None:
    assert expected(body={"equal": ""}).body == b""


def test_headers_are_expected_by_their_names_in_lower_case() -> None:
    headers = {"Content-Type": "text/html", "ETag": {"contains": "W/"}, "X-Empty": ""}
    assert expected(headers=headers).headers == (
        HeaderCheck("content-type", "text/html"),
        HeaderCheck("etag", "W/", contains=True),
        HeaderCheck("x-empty", ""),
    )

import ast
import inspect
import json
import sys
from hashlib import sha256
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

from bench.conductor import reference_app

OF_VERSION = {"1": "99a7f8e17a11fc2e"}


def answer(path: str) -> tuple[str, list[tuple[str, str]], bytes]:
    environ: dict[str, object] = {}
    setup_testing_defaults(environ)
    environ["PATH_INFO"], _, environ["QUERY_STRING"] = path.partition("?")
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> object:
        started.append((status, headers))
        return lambda _: None

    body = validator(reference_app.app)(environ, start_response)  # type: ignore[arg-type]  # of the test's own
    try:
        whole = b"".join(body)
    finally:
        body.close()  # type: ignore[attr-defined]  # the validator's has one
    return (*started[0], whole)


def test_it_gives_the_same_right_answer_whatever_is_asked() -> None:
    status, headers, body = answer("/")
    assert answer("/other?page=2") == (status, headers, body)
    assert status == "200 OK"
    assert dict(headers)["Content-Length"] == str(len(body))
    assert json.loads(body)["dearest"]


def test_it_imports_the_standard_library_alone() -> None:
    tree = ast.parse(inspect.getsource(reference_app))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names


def test_what_it_does_is_what_its_version_says() -> None:
    """Whoever changes the work must raise VERSION, and then write the new digest here."""
    digest = sha256((inspect.getsource(reference_app.work) + reference_app._DOCUMENT).encode()).hexdigest()[
        :16
    ]
    assert OF_VERSION[reference_app.VERSION] == digest

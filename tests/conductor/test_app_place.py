"""Where an app is looked for, and which Python is taken for it: from files that are really there."""

from pathlib import Path

import pytest

from bench.conductor.environments.python_environment import OURS, PythonEnvironment
from bench.conductor.inspection.app_place import AppPlace, choose_python, find_app
from bench.errors import InputError
from tests.conductor.environments import FLASK, make_environment


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module, a package and a file of scripts; it is where we are."""
    (tmp_path / "shop" / "web").mkdir(parents=True)
    for name in ("app.py", "shop/__init__.py", "shop/web/__init__.py", "shop/web/pages.py"):
        (tmp_path / name).write_text("")
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "serve.py").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("named", "module", "attribute"),
    [
        (None, "app", None),
        ("shop.web", "shop.web", None),
        ("shop.web:app", "shop.web", "app"),
        ("shop.web:create_app('a:b')", "shop.web", "create_app('a:b')"),
        ("app.py", "app", None),
        ("./app.py:app", "app", "app"),
        ("shop/web/pages.py", "shop.web.pages", None),
        ("shop/web", "shop.web", None),
        ("shop/web/__init__.py:app", "shop.web", "app"),
    ],
)
def test_an_app_is_named_by_its_module_or_file_or_not_at_all(
    folder: Path, named: str | None, module: str, attribute: str | None
) -> None:
    assert find_app(named, Path()) == AppPlace(folder, module, attribute)


def test_a_file_that_stands_in_no_package_is_imported_from_its_own_folder(folder: Path) -> None:
    assert find_app("scripts/serve.py", Path()) == AppPlace(folder / "scripts", "serve", None)
    assert find_app("serve.py", folder / "scripts") == AppPlace(folder / "scripts", "serve", None)


def test_a_module_that_is_in_src_alone_is_imported_from_there(folder: Path) -> None:
    for name in ("shop", "tea"):
        (folder / "src" / name).mkdir(parents=True)
        (folder / "src" / name / "__init__.py").write_text("")
    assert find_app("tea.web:app", Path()) == AppPlace(folder / "src", "tea.web", "app")
    assert find_app("shop.web", Path()).directory == folder


def test_wsgi_py_comes_before_app_py_as_flask_has_it(folder: Path) -> None:
    (folder / "wsgi.py").write_text("")
    assert find_app(None, Path()).module == "wsgi"


@pytest.mark.parametrize(
    ("named", "directory", "what", "remedy"),
    [
        (None, "shop", "neither wsgi.py nor app.py in", "name the app, such as `shop.web:app`"),
        (None, "none", "no folder `none`", "--directory"),
        ("ap.py", ".", "no file `ap.py`", "did you mean `app.py`?"),
        ("shop:", ".", "nothing after the colon", "name the app"),
        ("shop-web:app", ".", "`shop-web` is neither a module nor a file", "name the app"),
    ],
)
def test_what_names_no_app_is_refused_with_what_to_name(
    folder: Path, named: str | None, directory: str, what: str, remedy: str
) -> None:
    with pytest.raises(InputError, match=what) as refused:
        find_app(named, Path(directory))
    assert remedy in refused.value.remedy


def test_the_python_is_that_of_the_apps_folder_where_it_has_flask(tmp_path: Path) -> None:
    python = make_environment(tmp_path / "venv", FLASK)
    chosen = choose_python(None, tmp_path)
    assert chosen.environment == PythonEnvironment(python)
    assert chosen.because == "the environment venv of the app's folder"
    make_environment(tmp_path / ".venv", ())
    assert choose_python(None, tmp_path).environment == PythonEnvironment(python)


def test_the_python_may_be_of_a_folder_above_as_far_as_where_we_are(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = make_environment(folder / ".venv", FLASK)
    chosen = choose_python(None, folder / "scripts")
    assert chosen.environment == PythonEnvironment(python)
    assert chosen.because == f"the environment .venv of {folder}"
    monkeypatch.chdir(folder / "scripts")
    assert choose_python(None, folder / "scripts").environment == OURS
    assert choose_python(None, folder / "src").environment == PythonEnvironment(python)


def test_the_python_is_ours_where_the_apps_folder_has_none_with_flask(tmp_path: Path) -> None:
    assert choose_python(None, tmp_path).environment == OURS
    make_environment(tmp_path / ".venv", ())
    chosen = choose_python(None, tmp_path)
    assert chosen.environment == OURS
    assert chosen.because == "bench's own: .venv of the app's folder has no Flask"


def test_a_python_that_is_named_is_taken_by_that_name_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(OURS.python)
    assert choose_python(Path("link"), tmp_path).environment.python == tmp_path / "link"
    python = make_environment(tmp_path / "shop-env", ())
    assert choose_python(Path("shop-env"), tmp_path).environment.python == python
    with pytest.raises(InputError, match="there is no Python `none`"):
        choose_python(Path("none"), tmp_path)
    (tmp_path / "no-python").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "no-python").chmod(0o755)
    with pytest.raises(InputError, match="no-python does not run"):
        choose_python(Path("no-python"), tmp_path)

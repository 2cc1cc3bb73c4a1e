import os
from pathlib import Path

import pytest

from bench.conductor.revisions.repository import Repository
from bench.errors import InputError
from tests.conductor.repositories import commit, digest, git, new_repository


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "with space\nand line"
    new_repository(folder, {"app/web.py": "first", "app/ü\n.txt": "a"})
    git(folder, "tag", "v1")
    commit(folder, {"app/web.py": "second"})
    return folder


def test_a_repository_is_found_from_any_folder_in_it_and_only_read(folder: Path) -> None:
    (folder / "app/new.py").write_text("untracked")
    os.utime(folder / "app/web.py")  # what git would note in the index
    before = digest(folder)
    repository = Repository.around(folder / "app")
    assert repository.top == folder
    assert repository.inside(folder / "app") == Path("app")
    assert repository.head == git(folder, "rev-parse", "HEAD")
    assert repository.commit_of("v1") == repository.commit_of("HEAD~1") == git(folder, "rev-parse", "v1")
    assert not repository.has_changes()
    assert not repository.is_shallow
    assert not repository.is_partial
    assert digest(folder) == before


@pytest.mark.parametrize("staged", [False, True])
def test_what_is_not_committed_is_a_change(folder: Path, staged: bool) -> None:
    (folder / "app/web.py").write_text("third")
    if staged:
        git(folder, "add", "--all")
    assert Repository.around(folder).has_changes()


def test_variables_of_a_hook_lead_nowhere(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    new_repository(other, {"a": "a"})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    assert Repository.around(folder).top == folder
    assert not Repository.around(folder).has_changes()


def test_a_linked_worktree_is_a_repository_of_its_own_top(folder: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(folder, "worktree", "add", "--quiet", "--detach", str(linked), "v1")
    repository = Repository.around(linked)
    assert repository.top == linked
    assert repository.head == git(folder, "rev-parse", "v1")
    assert repository.file("objects") == folder / ".git/objects"


def test_before_the_first_commit_there_is_no_head(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    assert Repository.around(tmp_path).head is None


@pytest.mark.parametrize("reference", ["nonesuch", "", "HEAD:app", "--all", "-1", "HEAD~9", "a b", "^v1"])
def test_a_reference_that_names_no_commit_is_refused(folder: Path, reference: str) -> None:
    with pytest.raises(InputError) as refused:
        Repository.around(folder).commit_of(reference)
    assert repr(reference) in refused.value.what
    assert refused.value.remedy


@pytest.mark.parametrize(("reference", "remedy"), [
    ("HEAD~1", "`git fetch --deepen=1`"), ("@~1^", "`git fetch --deepen=2`"),
    ("up/main~1", "`git fetch --deepen=1`"), ("main^{/first}", "`git fetch --depth=1 up main`"),
    ("up/feature/1", "`git fetch --depth=1 up feature/1` and compare with FETCH_HEAD,"),
    ("feature/1~2", "`git fetch --depth=3 up feature/1` and compare with FETCH_HEAD~2,"),
    ("1a2b3c4", "`git fetch --depth=1 up 1a2b3c4`, with all 40 digits of the commit, and compare"),
    ("FETCH_HEAD", "`git fetch --depth=1 up main`"),
])  # fmt: skip
def test_in_a_shallow_clone_the_remedy_is_to_fetch(
    folder: Path, tmp_path: Path, reference: str, remedy: str
) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=1", "--origin=up", folder.as_uri(), "shallow")
    with pytest.raises(InputError) as refused:
        Repository.around(tmp_path / "shallow").commit_of(reference)
    assert remedy in refused.value.remedy
    assert refused.value.remedy.endswith("(`fetch-depth: 0`)")


def test_in_a_shallow_clone_the_remedy_works(folder: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=1", folder.as_uri(), "shallow")
    repository = Repository.around(tmp_path / "shallow")
    with pytest.raises(InputError) as refused:
        repository.commit_of("HEAD~1")
    _, command, _ = refused.value.remedy.split("`", 2)
    git(repository.top, *command.split()[1:])
    assert repository.commit_of("HEAD~1") == git(folder, "rev-parse", "v1")


def test_where_nothing_is_named_or_nothing_is_committed_that_is_the_remedy(
    folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as refused:
        Repository.around(folder).commit_of("")
    assert "a variable" in refused.value.remedy
    git(tmp_path, "init", "--quiet", "unborn")
    with pytest.raises(InputError) as refused:
        Repository.around(tmp_path / "unborn").commit_of("main")
    assert "no commit here yet" in refused.value.remedy


def test_a_repository_of_somebody_else_is_trusted_by_the_command_that_git_names(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder to somebody else")
    os.chown(folder, 65534, 65534)
    with pytest.raises(InputError, match=r"safe\.directory") as refused:
        Repository.around(folder)
    assert "trust it with that command" in refused.value.remedy


def test_where_there_is_no_repository_it_is_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a git repository"):
        Repository.around(tmp_path)
    with pytest.raises(InputError, match="not a folder"):
        Repository.around(tmp_path / "nowhere")
    with pytest.raises(InputError, match="not in the repository"):
        Repository.around(folder).inside(tmp_path)


def test_without_git_it_is_said(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="install git"):
        Repository.around(folder)

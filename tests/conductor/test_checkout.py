import os
from pathlib import Path

import pytest

from bench.conductor.revisions.checkout import check_out, folder_as_long_as
from bench.conductor.revisions.repository import Repository
from bench.errors import InputError
from tests.conductor.repositories import commit, digest, git, new_repository

ODD = "an odd\nname ü.txt"


def files_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def test_a_commit_is_there_with_its_tags_and_the_repository_as_it_was(tmp_path: Path) -> None:
    folder, base = tmp_path / 'a "quoted\\ path\nand line', tmp_path / "out/base"
    first = new_repository(folder, {"app/web.py": "first", ODD: "odd"})
    git(folder, "tag", "--annotate", "--message=one", "v1.0")
    second = commit(folder, {"app/web.py": "second"})
    (folder / "app/web.py").write_text("dirty")
    (folder / "untracked").write_text("untracked")
    git(folder, "pack-refs", "--all")
    commit_hook = folder / ".git/hooks/post-checkout"
    commit_hook.parent.mkdir(exist_ok=True)
    commit_hook.write_text(f"#!/bin/sh\ntouch '{tmp_path}/hooked'\n")
    commit_hook.chmod(0o755)
    git(folder, "config", "core.hooksPath", str(commit_hook.parent))
    before = digest(folder)
    check_out(Repository.around(folder), first, base)
    check_out(Repository.around(folder), second, tmp_path / "head")
    assert files_of(base) == {"app/web.py": "first", ODD: "odd"}
    assert files_of(tmp_path / "head") == {"app/web.py": "second", ODD: "odd"}
    assert git(base, "describe") == "v1.0"
    assert git(tmp_path / "head", "describe") == f"v1.0-1-g{second[:7]}"
    assert git(base, "status", "--porcelain") == ""
    assert digest(folder) == before
    assert not (tmp_path / "hooked").exists()


def test_from_a_linked_worktree_and_with_the_filters_of_its_repository(tmp_path: Path) -> None:
    folder, linked = tmp_path / "repository", tmp_path / "linked"
    first = new_repository(folder, {"big.bin": "pointer\n", ".gitattributes": "*.bin filter=grow\n"})
    git(folder, "worktree", "add", "--quiet", str(linked), "-b", "other")
    git(folder, "config", "filter.grow.smudge", "sed s/pointer/content/")
    before = digest(folder, linked)
    check_out(Repository.around(linked), first, tmp_path / "base")
    assert (tmp_path / "base/big.bin").read_text() == "content\n"
    assert digest(folder, linked) == before


def test_from_a_shallow_clone_and_with_other_names_for_objects(tmp_path: Path) -> None:
    folder, shallow = tmp_path / "repository", tmp_path / "shallow"
    folder.mkdir()
    git(folder, "init", "--quiet", "--object-format=sha256", "--initial-branch=main")
    commit(folder, {"a": "first"})
    second = commit(folder, {"a": "second"})
    git(tmp_path, "clone", "--quiet", "--depth=1", folder.as_uri(), "shallow")
    before = digest(shallow)
    check_out(Repository.around(shallow), second, tmp_path / "base")
    assert files_of(tmp_path / "base") == {"a": "second"}
    assert git(tmp_path / "base", "log", "--format=%H") == second
    assert digest(shallow) == before


def test_a_partial_clone_is_refused_and_nothing_is_fetched(tmp_path: Path) -> None:
    folder, partial = tmp_path / "repository", tmp_path / "partial"
    first = new_repository(folder, {"a": "first"})
    commit(folder, {"a": "second"})
    git(folder, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--filter=blob:none", folder.as_uri(), "partial")
    before = digest(partial)
    with pytest.raises(InputError, match="partial clone"):
        check_out(Repository.around(partial), first, tmp_path / "base")
    assert digest(partial) == before


def test_files_that_git_lfs_has_not_here_are_to_be_fetched_first(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    first = new_repository(folder, {"big.bin": "pointer", ".gitattributes": "*.bin filter=lfs"})
    git(folder, "config", "filter.lfs.smudge", "false")
    git(folder, "config", "filter.lfs.required", "true")
    with pytest.raises(InputError, match=r"big\.bin") as refused:
        check_out(Repository.around(folder), first, tmp_path / "base")
    assert f"git lfs fetch origin {first}" in refused.value.remedy


def test_submodules_stay_empty(tmp_path: Path) -> None:
    part, folder = tmp_path / "part", tmp_path / "repository"
    new_repository(part, {"inner": "inner"})
    new_repository(folder, {"a": "a"})
    git(folder, "submodule", "--quiet", "add", str(part), "part")
    git(folder, "config", "submodule.recurse", "true")
    last = commit(folder, {})
    check_out(Repository.around(folder), last, tmp_path / "base")
    assert list((tmp_path / "base/part").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    first = new_repository(tmp_path / "repository", {"a": "a"})
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="TMPDIR"):
        check_out(Repository.around(tmp_path / "repository"), first, tmp_path / "file/base")


@pytest.mark.parametrize("name", ["r", "repository", "a much longer name of a repository, and ü"])
def test_paths_are_of_one_length_where_they_can_be(tmp_path: Path, name: str) -> None:
    other = tmp_path / name
    folder = folder_as_long_as(other, tmp_path, "base")
    assert folder.parent == tmp_path
    assert len(os.fsencode(folder)) == max(len(os.fsencode(other)), len(os.fsencode(tmp_path / "base")))


def test_no_name_gets_longer_than_a_file_system_takes(tmp_path: Path) -> None:
    other = tmp_path / ("a" * 200) / ("b" * 200)
    assert len(folder_as_long_as(other, tmp_path, "base").name) == 255

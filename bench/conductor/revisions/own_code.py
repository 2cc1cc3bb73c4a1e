"""Whether base runs its own code: an app may well import modules out of the folder that head lies in.

An editable installation or a PYTHONPATH names that folder once for all, and what `pip install ../library` has
copied from it is one copy for both. Base would then run the same code as head, and a slower head would be
as fast as base.
"""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bench.conductor.environments.python_environment import PythonEnvironment
from bench.conductor.processes.attended import attended
from bench.conductor.processes.children import child_environment
from bench.conductor.revisions.dependencies import content_of
from bench.conductor.revisions.git import git
from bench.errors import ServerFailed
from bench.scenario.reading import LoadedScenario

_PATIENCE_S = 60.0

# A distribution with the files it was installed as, and the URL that it was installed from.
_Copy = tuple[str, Sequence[str]]

# What the app prints is kept apart from the answer, and threads of its own are not waited for. Installers
# write down where a package came from that was in no index: PEP 610.
_ASK = """
import os, sys
answer = os.dup(1)
os.dup2(2, 1)
try:
    import importlib
    importlib.import_module(sys.argv[1])
except BaseException:
    pass
import json
from importlib.metadata import distributions
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
files = [os.path.realpath(one) for one in files if isinstance(one, str)]
copies = []
for one in distributions():
    origin = one.read_text("direct_url.json")
    installed = [] if origin is None else one.files or []
    if any(os.path.realpath(one.locate_file(name)) in files for name in installed):
        copies.append([json.loads(origin)["url"], [str(name) for name in installed]])
with open(answer, "w") as file:
    json.dump([os.path.realpath(sys.prefix), files, copies], file)
os._exit(0)
"""


def borrowed(
    loaded: LoadedScenario, base: Path, top: Path, head: Path, python: PythonEnvironment
) -> list[Path]:
    """The files of head's repository (`head`, its top) that base imports though its own are other ones.

    They are relative to the top, sorted; a copy that is installed counts as the file it was made from. `base`
    is the app's folder below base's `top`. What an app imports only later is not seen; nor is anything where
    it cannot be imported: its servers will say why.
    """
    prefix, files, copies = _imported(loaded, base, python, top.parent / "import.log")
    outside = (Path(file) for file in files if not {"site-packages", "dist-packages"} & set(Path(file).parts))
    theirs = {
        file.relative_to(head)
        for file in outside
        if file.is_relative_to(head) and not file.is_relative_to(top) and not file.is_relative_to(prefix)
    }
    theirs.update(original for copy in copies for original in _originals(copy, head, top))
    return sorted(file for file in theirs if content_of(head / file) != content_of(top / file))


def _originals(copy: _Copy, head: Path, top: Path) -> Iterator[Path]:
    """What a distribution was installed from in head's repository: files that either version has there.

    They may lie deeper than what they were installed as: `shop/web.py` is `library/src/shop/web.py`.
    """
    url, installed = copy
    folder = Path(unquote(urlsplit(url).path)).resolve()
    if not url.startswith("file:") or not folder.is_relative_to(head) or folder.is_relative_to(top):
        return
    for version in (head, top):
        inside = version / folder.relative_to(head)
        known = git(inside, "ls-files", "-z") if inside.is_dir() else b""
        for name in filter(None, os.fsdecode(known).split("\0")):
            if any(f"/{name}".endswith(f"/{one}") for one in installed):
                yield folder.relative_to(head) / name


def _imported(
    loaded: LoadedScenario, folder: Path, python: PythonEnvironment, log: Path
) -> tuple[Path, list[str], list[_Copy]]:
    """What is in memory once the app has been imported as servers do it, in this folder.

    The environment's own folder, the files of the modules, and the distributions among them that came from
    no package index.
    """
    variables = child_environment(dict(loaded.scenario.environment), python)
    module = loaded.scenario.app.partition(":")[0]
    command = (str(python.python), "-B", "-c", _ASK, module)
    try:
        with (
            log.open("ab") as output,
            attended(command, directory=folder, environment=variables, output=output, piped=True) as process,
        ):
            said, _ = process.communicate(timeout=_PATIENCE_S)
        prefix, files, copies = json.loads(said)
    except (ServerFailed, subprocess.TimeoutExpired, ValueError):
        return folder, [], []
    return Path(prefix), files, copies

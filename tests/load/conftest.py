from collections.abc import Iterator

import pytest

from tests.load.checked_generator import CheckedGenerator


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CheckedGenerator]:
    """One generator process for all tests of a module, as one serves all deployments of a run."""
    started = CheckedGenerator(tmp_path_factory.mktemp("generator") / "generator.log")
    try:
        started.wait_until_ready()
        yield started
    finally:
        started.stop()

from collections.abc import Iterator

import pytest

from tests.load.checked_generator import CheckedGenerator


@pytest.fixture(scope="module", params=[False, True], ids=["sleeping", "polling"])
def generator(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CheckedGenerator]:
    """One generator process for all tests of a module, as one serves all deployments of a run."""
    log = tmp_path_factory.mktemp("generator") / "generator.log"
    started = CheckedGenerator(log, polls=request.param)
    try:
        started.wait_until_ready()
        yield started
    finally:
        started.stop()

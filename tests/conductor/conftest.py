import ctypes
from collections.abc import Iterator

import pytest

from bench.conductor.deployments.deployment import RunningDeployment
from bench.conductor.launch import LaunchInProgress
from bench.conductor.processes.children import adopt_orphans
from tests.conductor.launching import children_with_a_nonce

_PR_SET_CHILD_SUBREAPER = 36


@pytest.fixture(autouse=True, scope="package")
def _nothing_of_ours_is_left() -> Iterator[None]:
    adopt_orphans()
    yield
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 0)
    assert children_with_a_nonce() == []


@pytest.fixture
def deployment(launch: LaunchInProgress, request: pytest.FixtureRequest) -> RunningDeployment:
    """The deployment of this name in the module's own launch; skipped where its server is not there."""
    if request.param not in launch.running:
        pytest.skip(next(one.reason for one in launch.prepared.run.skipped if one.name == request.param))
    return launch.running[request.param]

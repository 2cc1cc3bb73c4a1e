import ctypes
from collections.abc import Iterator

import pytest

from bench.conductor.processes.children import adopt_orphans
from tests.conductor.launching import children_with_a_nonce

_PR_SET_CHILD_SUBREAPER = 36


@pytest.fixture(autouse=True, scope="package")
def _nothing_of_ours_is_left() -> Iterator[None]:
    adopt_orphans()
    yield
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 0)
    assert children_with_a_nonce() == []

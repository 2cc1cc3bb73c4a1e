"""A check at work: what was prepared, measured and stored, and how that ended."""

from pathlib import Path

from bench.cli.progress import RunProgress
from bench.conductor.conduct import conduct
from bench.conductor.preparation import Prepared
from bench.errors import Interrupted
from bench.results.store import Store


def measured(prepared: Prepared, results: Path, progress: RunProgress) -> tuple[Store, Interrupted | None]:
    """Carry out the run; where it was interrupted, what was measured until then is stored, too."""
    store = Store.create(results, prepared.run.id)
    try:
        conduct(prepared, store, progress)
    except Interrupted as interrupted:
        return store, interrupted
    finally:
        progress.close()
    return store, None

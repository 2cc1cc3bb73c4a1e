"""Server versus framework: what of a request's cost the server is, and what changing it can gain at most."""

from collections.abc import Sequence

from bench.results.model import LoadLevel
from bench.stats.closed_loop import is_closed_loop
from bench.stats.summary import CellSummary, Interval, Split


def splits(cells: Sequence[CellSummary]) -> tuple[Split, ...]:
    """A split for every valid cell of the app whose server also has a valid floor for the same work."""
    floors = {_work(cell): cell for cell in cells if cell.deployment.app == "floor" and cell.valid}
    found = [
        _split(cell, floors[_work(cell)])
        for cell in cells
        if cell.deployment.app == "app" and cell.valid and _work(cell) in floors
    ]
    return tuple(one for one in found if one is not None)


def sentence(split: Split, name: str) -> str:
    """What a split means to somebody who must choose a server; `name` is the deployment's."""
    total_us = split.server_us + split.framework_us
    if split.gain_at_most is None:
        return (
            f"Under {name} the app takes {total_us:.0f} us of CPU time a request, the bare floor "
            f"{split.server_us:.0f}: too close to say what another server could gain."
        )
    share, by_throughput = split.server_us / total_us, split.goodput_share_server
    also = "" if by_throughput is None else f"; {100 * by_throughput:.0f} % by throughput"
    return (
        f"Under {name} the server takes {100 * share:.0f} % of a request's CPU time "
        f"({split.server_us:.0f} of {total_us:.0f} us{also}): "
        f"on the same cores no change of server can {_effect(split.load, split.gain_at_most)}."
    )


def range_sentence(splits: Sequence[Split], names: dict[str, str]) -> str:
    """What many splits of the same work mean together; `names` maps a deployment's id to its name."""
    least, most = min(splits, key=_server_share), max(splits, key=_server_share)
    text = (
        f"The server takes between {100 * _server_share(least):.0f} % ({names[least.deployment]}) and "
        f"{100 * _server_share(most):.0f} % ({names[most.deployment]}) of a request's CPU time"
    )
    gains = [(split.gain_at_most, split) for split in splits if split.gain_at_most is not None]
    if not gains:
        return f"{text}; what another server could gain cannot be told."
    gain, split = max(gains, key=lambda one: one[0])
    name, effect = names[split.deployment], _effect(split.load, gain)
    return f"{text}: on the same cores no change of server, not even from {name}, can {effect}."


def _server_share(split: Split) -> float:
    """The server's part of the CPU time of a request."""
    total_us = split.server_us + split.framework_us
    return split.server_us / total_us if total_us else 0.0


def _effect(load: LoadLevel, gain: float) -> str:
    """What a gain means: at a fixed rate answers come no faster for it, but more could be asked for."""
    times = f"more than {written_factor(gain)} times"
    return f"let this app bear {times} the load" if load.is_open else f"make this app {times} as fast"


def _work(cell: CellSummary) -> tuple[str, str, LoadLevel]:
    return cell.deployment.name, cell.cell.request, cell.cell.load


def _split(app: CellSummary, floor: CellSummary) -> Split | None:
    app_us, floor_us = app.cpu_us_per_request, floor.cpu_us_per_request
    if app_us is None or floor_us is None or not app.goodput or not floor.goodput:
        return None
    return Split(
        deployment=app.deployment.id,
        request=app.cell.request,
        load=app.cell.load,
        server_us=floor_us.value,
        framework_us=max(0.0, app_us.value - floor_us.value),
        goodput_share_server=_share(app.goodput, floor.goodput) if is_closed_loop(app.cell.load) else None,
        gain_at_most=_gain_at_most(app_us, floor_us),
    )


def _share(app: Interval, floor: Interval) -> float:
    """The floor's time a request as a share of the app's, at most 1; 1 where the floor answered nothing."""
    return min(1.0, app.value / floor.value) if floor.value > 0 else 1.0


def _gain_at_most(app_us: Interval, floor_us: Interval) -> float | None:
    """The app's cost over what is left of it without the server; None where the two intervals meet."""
    if app_us.low <= floor_us.high:
        return None
    return app_us.value / (app_us.value - floor_us.value)


def written_factor(factor: float) -> str:
    """How many times as fast: two decimals below 2, where they matter, one up to 10, then whole numbers."""
    return f"{factor:.{2 if factor < 2 else 1 if factor < 10 else 0}f}"

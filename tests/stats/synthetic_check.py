"""Measurements of a check made of numbers: base and head under one server, launch by launch."""

from collections.abc import Container, Mapping
from dataclasses import replace

from bench.results.model import Check, Deployment, Measurements, Revision, Slice
from bench.scenario.model import Scenario
from tests.stats.synthetic import Part, measurements, with_run

LOOKS = (12, 24, 36)
CONFIRMATION = 12
BLOCKS = 3


def check_run(
    *pairs: tuple[Part, Part],
    launches: int = 12,
    confirming: int = 0,
    noise: float = 0.01,
    launch_noise: float = 0.005,
    seed: int = 1,
    options: Mapping[str, object] | None = None,
) -> Measurements:
    """A check of these pairs of base and head, with so many launches looked at and so many repeating."""
    parts = [replace(part, name=f"{part.name}@{name}") for pair in pairs
             for part, name in zip(pair, ("base", "head"), strict=True)]  # fmt: skip
    made = measurements(
        parts,
        launches=launches + confirming,
        blocks=BLOCKS,
        noise=noise,
        launch_noise=launch_noise,
        seed=seed,
    )
    scenario = Scenario.model_validate(
        {
            **made.run.scenario,
            "servers": sorted({pair[0].name for pair in pairs}),
            "requests": sorted({pair[0].request for pair in pairs}),
            "check": options or {},
        }
    ).model_dump(mode="json", by_alias=True)
    compared = Check(
        against="main",
        base="a" * 40,
        head="b" * 40,
        changed=False,
        looks=LOOKS,
        confirmation=CONFIRMATION,
    )
    deployments = tuple(_revision_of(one) for one in made.run.deployments)
    made = with_run(made, check=compared, scenario=scenario, deployments=deployments)
    stages = [
        one.model_copy(update={"confirming": place >= launches}) for place, one in enumerate(made.launches)
    ]
    return made.model_copy(update={"launches": tuple(stages)})


def slower(part: Part, by: float) -> Part:
    """The same part, slower by this fraction in goodput and CPU time."""
    return replace(part, goodput=part.goodput / (1 + by), cpu_us=part.cpu_us * (1 + by))


def missing(made: Measurements, launches: Container[int], whose: str = "@head") -> Measurements:
    """The same check, in these launches of which some requests never got a connection."""

    def unsent(one: Slice) -> Slice:
        if one.arrivals is None:
            return one
        return one.model_copy(update={"arrivals": one.arrivals.model_copy(update={"unsent": 5})})

    blocks = [
        block.model_copy(
            update={"slices": tuple(unsent(one) if whose in one.cell else one for one in block.slices)}
        )
        if block.launch in launches
        else block
        for block in made.blocks
    ]
    return made.model_copy(update={"blocks": tuple(blocks)})


def _revision_of(deployment: Deployment) -> Deployment:
    name, revision = deployment.name.split("@")
    checked: Revision = "base" if revision == "base" else "head"
    return deployment.model_copy(update={"name": name, "server": name, "revision": checked})

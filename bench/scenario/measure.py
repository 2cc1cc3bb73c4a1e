"""How long and how finely it is measured."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from bench.scenario.mistakes import Mistake, refused
from bench.scenario.part import Duration, Part, Precision
from bench.units import NS_PER_MS, NS_PER_S

LAUNCHES = 8
LAUNCHES_BEFORE_ENOUGH = 8  # with fewer, launches that agree by chance would end a run too often
LAUNCHES_TO_LOOK_AFTER = (12, 24)
LAUNCH_NS = 10 * NS_PER_S  # of load, where the number of launches follows from the time there is

_TOO_FEW_TO_LOOK_AFTER = Mistake(
    f"with `until` there must be at least {LAUNCHES_BEFORE_ENOUGH} launches",
    "leave `launches` out, or raise it",
)


Interleave = Literal["slices", "rounds"]


class Measure(Part):
    """How long and how finely it is measured."""

    duration_ns: Duration = Field(
        60 * NS_PER_S,
        alias="for",
        ge=NS_PER_S,
        le=24 * 3600 * NS_PER_S,
        description="Load over all cells together, such as 60s or 5m.",
    )
    until: Precision | None = Field(
        None,
        description="End as soon as every comparison is known this well, such as 2%: half its interval. "
        "`for` is then the most load there may be.",
    )
    launches: int = Field(
        default_factory=lambda fields: _launches(fields.get("until"), fields.get("duration_ns", 0)),
        ge=1,
        le=100,
        description="Fresh starts of all deployments; 8 if not given. With `until` the most there may be: "
        "one for each 10 s of load, from 12 to 24, if not given.",
    )
    slice_ns: Duration | None = Field(
        None,
        alias="slice",
        ge=5 * NS_PER_MS,
        le=60 * NS_PER_S,
        description="One stretch of load on one cell; fitted to the cell's service time if not given.",
    )
    start_timeout_ns: Duration = Field(
        30 * NS_PER_S,
        alias="start_timeout",
        ge=NS_PER_S,
        le=3600 * NS_PER_S,
        description="A server must answer within this time.",
    )
    response_timeout_ns: Duration = Field(
        10 * NS_PER_S,
        alias="response_timeout",
        ge=10 * NS_PER_MS,
        le=600 * NS_PER_S,
        description="An answer must come within this time.",
    )
    seed: int | None = Field(
        None,
        ge=0,
        lt=2**63,
        description="Seed of the order of slices, of mixes and arrivals; drawn and recorded if not given.",
    )
    generators: int = Field(
        1, ge=1, le=64, description="Processes that generate the load, each on a core of its own if it can."
    )
    twin: bool = Field(True, description="Enter one deployment twice: the run measures its own noise.")
    interleave: Interleave = Field(
        "slices",
        description="slices: all deployments are up at once, and the load hops between them. rounds: one "
        "at a time is up, for those that cannot live side by side; intervals are wider.",
    )

    @property
    def in_rounds(self) -> bool:
        """Whether only one deployment is up at a time."""
        return self.interleave == "rounds"

    @field_validator("launches")
    @classmethod
    def _enough_to_look_after(cls, value: int, info: ValidationInfo) -> int:
        if info.data.get("until") is not None and value < LAUNCHES_BEFORE_ENOUGH:
            raise refused(_TOO_FEW_TO_LOOK_AFTER)
        return value


def _launches(until: float | None, duration_ns: int) -> int:
    """How many launches there are, or may be, where nothing is said about it."""
    if until is None:
        return LAUNCHES
    fewest, most = LAUNCHES_TO_LOOK_AFTER
    return min(max(fewest, duration_ns // LAUNCH_NS), most)

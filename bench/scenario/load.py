"""How hard a deployment is pressed: by connections, by a rate, or by the users of a locustfile."""

from typing import Literal, TypeVar

from pydantic import Field, ValidationInfo, field_validator

from bench.scenario.mistakes import Mistake, refuse_any, refused
from bench.scenario.part import Part, Rate, repeated
from bench.scenario.texts import LocustfilePath
from bench.units import write_rate

CONNECTIONS = 16
CONNECTIONS_AT_MOST = 128
USERS = 16

_Value = TypeVar("_Value")


_ARRIVALS_ALONE = Mistake("`arrivals` say how a `rate` is spaced", "add `rate: 500/s`, or leave it out")
_RATE_AND_LOCUSTFILE = Mistake(
    "a load has a `rate` or a `locustfile`, not both", "leave out one, or list two loads"
)
_USERS_ALONE = Mistake("`users` are those of a `locustfile`", "add `locustfile:`, or write `connections:`")
_CONNECTIONS_OF_USERS = Mistake("users of a `locustfile` open their own connections", "write `users:`")


class Load(Part):
    """How hard a deployment is pressed: in a closed loop, in an open loop, or by a locustfile's users.

    A setting that says nothing about this kind of load is None.
    """

    rate_per_s: Rate | None = Field(
        None,
        alias="rate",
        description="Open loop: requests are due at this rate, such as 500/s, whether or not answers come.",
    )
    arrivals: Literal["constant", "poisson"] | None = Field(
        default_factory=lambda fields: "constant" if fields["rate_per_s"] is not None else None,
        description="How the requests of a rate are spaced: evenly (constant), or at random (poisson).",
    )
    locustfile: LocustfilePath | None = Field(
        None,
        description="A locustfile whose users make the load, relative to the scenario file; it brings its "
        "own requests.",
    )
    users: int | None = Field(
        default_factory=lambda fields: USERS if fields["locustfile"] is not None else None,
        ge=1,
        le=10_000,
        description="Users of the locustfile; 16 if not given.",
    )
    connections: int | None = Field(
        default_factory=lambda fields: _connections(fields["rate_per_s"], fields["locustfile"]),
        ge=1,
        le=10_000,
        description="Connections, of which each sends its next request when the answer came; with a rate, "
        "the most there may be. 16 if not given, 128 with a rate.",
    )

    @field_validator("arrivals")
    @classmethod
    def _of_a_rate(cls, value: str | None, info: ValidationInfo) -> str | None:
        return _belongs(value, info, "rate_per_s", _ARRIVALS_ALONE, "must be one of constant or poisson")

    @field_validator("locustfile")
    @classmethod
    def _without_a_rate(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("rate_per_s") is not None:
            raise refused(_RATE_AND_LOCUSTFILE)
        return value

    @field_validator("users")
    @classmethod
    def _of_a_locustfile(cls, value: int | None, info: ValidationInfo) -> int | None:
        return _belongs(value, info, "locustfile", _USERS_ALONE, "must be a whole number")

    @field_validator("connections")
    @classmethod
    def _not_of_a_locustfile(cls, value: int | None, info: ValidationInfo) -> int | None:
        has_locustfile = info.data.get("locustfile") is not None
        if value is None and not has_locustfile:
            raise refused(Mistake("must be a whole number"))
        if value is not None and has_locustfile:
            raise refused(_CONNECTIONS_OF_USERS)
        return value

    @property
    def label(self) -> str:
        """The load as a message names it; two loads of one scenario never share it."""
        if self.locustfile is not None:
            return f"{self.users} users of {self.locustfile}"
        if self.rate_per_s is not None:
            return f"{write_rate(self.rate_per_s)}{' (Poisson)' if self.arrivals == 'poisson' else ''}"
        return f"{self.connections} connections"

    @property
    def most_connections(self) -> int:
        """How many connections there may be; a user of a locustfile counts as one."""
        return self.users or self.connections or 0


def _belongs(
    value: _Value | None, info: ValidationInfo, owner: str, alone: Mistake, empty: str
) -> _Value | None:
    """The setting, refused without the one it belongs to, and where it is empty beside that one."""
    if owner in info.data and (value is None) != (info.data[owner] is None):
        raise refused(Mistake(empty) if value is None else alone)
    return value


def _connections(rate_per_s: float | None, locustfile: str | None) -> int | None:
    if locustfile is not None:
        return None
    return CONNECTIONS if rate_per_s is None else CONNECTIONS_AT_MOST


def distinct_loads(loads: tuple[Load, ...]) -> tuple[Load, ...]:
    """The loads, refused where reports could not tell two of them apart."""
    refuse_any(
        Mistake(f"a load of {load.label} is there twice", "list it once", (place,))
        for place, load in repeated(loads, lambda load: load.label)
    )
    return loads

"""Settings of a scenario file, each with where it is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.scenario.mistakes import Location


@dataclass(frozen=True)
class Written:
    """A value as plain data, and its location in the file.

    `inside` are the locations of those parts of it that are not simply below it.
    """

    value: Any
    at: Location
    inside: Mapping[str, Location] = field(default_factory=dict)

    @property
    def is_of_a_list(self) -> bool:
        """Whether it is one of several that are listed."""
        return _is_an_entry(self.at)

    def lists(self, key: str) -> bool:
        """Whether this part of it is one of several that are listed."""
        return key in self.inside and _is_an_entry(self.inside[key])

    def each(self) -> Iterator["Written"]:
        """The entries of a list that has some; anything else as it is."""
        if not isinstance(self.value, list | tuple) or not self.value:
            yield self
            return
        for place, entry in enumerate(self.value):
            yield Written(entry, (*self.at, place))

    def place(self, location: Location) -> Location:
        """Where in the file that is written which the value has at this location."""
        if location and location[0] in self.inside:
            return self.inside[str(location[0])] + location[1:]
        return self.at + location


Settings = Mapping[str, Written]


def _is_an_entry(location: Location) -> bool:
    return isinstance(location[-1], int)

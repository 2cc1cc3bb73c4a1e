"""Where in a scenario file a value stands that validation names by its location in the full form."""

from bench.scenario.matrix import Choice, choices
from bench.scenario.mistakes import KEY, Location
from bench.scenario.yaml_nodes import Node


class Places:
    """The nodes of a scenario file, by locations in the scenario's full form."""

    def __init__(self, root: Node) -> None:
        self._root = root
        scenario = root.plain()
        self.choices: list[Choice] = choices(scenario) if isinstance(scenario, dict) else []

    def written(self, location: Location) -> Location:
        """The location in the file of what has this one in the full form."""
        match location:
            case ("servers", int(place), *within):
                return self.choices[place].place(tuple(within))
        return location

    def node(self, written: Location) -> Node:
        """The node at a location of the file; where a short form leaves out steps, the nearest around it."""
        return key_at(self._root, written[:-1]) if written[-1:] == (KEY,) else value_at(self._root, written)


def value_at(root: Node, location: Location) -> Node:
    """The node of the value; where a short form leaves out steps to it, the nearest that encloses it."""
    node = root
    for step in location:
        if isinstance(node.value, list) and isinstance(step, int):
            node = node.value[step]
        elif isinstance(node.value, dict) and step in node.value:
            node = node.value[str(step)][1]
    return node


def key_at(root: Node, location: Location) -> Node:
    """The node of the key that stands at the location; the nearest enclosing node where there is none."""
    parent, key = value_at(root, location[:-1]), location[-1]
    return parent.value[str(key)][0] if isinstance(parent.value, dict) and key in parent.value else parent

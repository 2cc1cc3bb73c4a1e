"""Where in a scenario file a value stands that validation names by its location in the full form."""

from dataclasses import replace

from bench.scenario.yaml_nodes import Node

Location = tuple[str | int, ...]


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


def with_full_servers(root: Node) -> Node:
    """The scenario with its servers as a list of mappings that each have `server`, all in their places."""
    if not isinstance(root.value, dict) or "servers" not in root.value:
        return root
    key, servers = root.value["servers"]
    return replace(root, value={**root.value, "servers": (key, _server_list(servers))})


def _server_list(servers: Node) -> Node:
    if isinstance(servers.value, list):
        return replace(servers, value=[_server_choice(choice) for choice in servers.value])
    if isinstance(servers.value, dict) and "server" not in servers.value:
        choices = [_with_server(*pair) for pair in servers.value.values()]
        return replace(servers, value=choices)
    return servers


def _server_choice(choice: Node) -> Node:
    if isinstance(choice.value, dict) and len(choice.value) == 1 and "server" not in choice.value:
        ((server, settings),) = choice.value.values()
        return _with_server(server, settings)
    return choice


def _with_server(server: Node, settings: Node) -> Node:
    """The full form of `gunicorn: {threads: 8}`, in the place of its key."""
    pairs = settings.value if isinstance(settings.value, dict) else {}
    return replace(server, value={**pairs, "server": (server, server)}, broken=settings.broken)

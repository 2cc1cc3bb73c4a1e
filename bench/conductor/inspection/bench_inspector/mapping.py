"""The URL map of an app: its rules, and the paths that can be asked for as they are."""

from __future__ import annotations

from typing import Any

WRAPPED_AS = ("app", "wsgi_app", "application", "server")  # the last is what Dash calls it
MOST_WRAPPERS = 5


def is_mapped(value: Any) -> bool:
    """Whether this is an app with a URL map, as Flask's are."""
    return not isinstance(value, type) and hasattr(getattr(value, "url_map", None), "iter_rules")


def with_url_map(app: Any) -> Any:
    """The app, or the one that its middleware stands in front of, if it has a URL map."""
    for _ in range(MOST_WRAPPERS):
        if is_mapped(app):
            return app
        inner = (getattr(app, name, None) for name in WRAPPED_AS)
        app = next((one for one in inner if callable(one)), None)
    return None


def is_flask(app: Any) -> bool:
    """Whether it is an instance of Flask's class, or of one that is made of it."""
    return any(
        (one.__module__.partition(".")[0], one.__name__) == ("flask", "Flask") for one in type(app).__mro__
    )


def kind_of(app: Any, mapped: Any) -> str:
    """What the app is, in a few words."""
    if mapped is None:
        return "a WSGI app without a URL map"
    kind = "a Flask app" if is_flask(mapped) else "an app with a URL map"
    return kind if mapped is app else f"{kind} behind {type(app).__name__}"


def rule_facts(rule: Any, app: Any) -> dict[str, Any]:
    """A rule of the URL map; `static` is the folder, where it serves files from one."""
    endpoint = str(rule.endpoint)
    owner = getattr(app, "blueprints", {}).get(endpoint.rpartition(".")[0], app)
    serves_files = endpoint.rpartition(".")[2] == "static" and "filename" in rule.arguments
    return {
        "rule": rule.rule,
        "methods": None if rule.methods is None else sorted(rule.methods),
        "arguments": sorted(arguments_of(rule), key=rule.rule.find),
        "static": str(getattr(owner, "static_folder", "")) if serves_files else None,
    }


def arguments_of(rule: Any) -> set[str]:
    """What must be put into the path; an argument may have a default that does not stand in it."""
    return set(map(str, rule.arguments)) - set(map(str, rule.defaults or ()))


def paths(app: Any) -> list[str]:
    """The paths that can be asked for with GET as they are, each once."""
    rules = [rule for rule in app.url_map.iter_rules() if not getattr(rule, "build_only", False)]
    fitting = [rule for rule in rules if rule.methods is None or "GET" in rule.methods]
    fitting = [rule for rule in fitting if not getattr(rule, "websocket", False)]
    return list(dict.fromkeys(rule.rule for rule in fitting if not arguments_of(rule)))

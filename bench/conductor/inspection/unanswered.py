"""What may be the matter with an app of which no path answers 200, and what to do about that."""

from bench.conductor.inspection.inspected_app import InspectedApp

_UNKNOWN_THERE = (400, 404, 421)  # what frameworks answer for a host that is not theirs
_CHANGE = "change that with a variable that it reads (--env), or with a module beside it that wraps it"


def way_out(app: InspectedApp) -> str:
    """A clause on what may be the matter, from what came instead; empty where that tells nothing."""
    answers = [given[0] for given in app.answers.values() if given]
    if not app.rules:
        return "it has no URL map to read, so that only / was asked for"
    if all(rule.static is not None for rule in app.rules):
        return (
            "its URL map has files alone: if a function adds the routes, name the function that makes the app"
        )
    if any(one.location.startswith("https://") for one in answers):
        return f"it sends everybody from http to https: {_CHANGE}"
    if answers and all(one.status in _UNKNOWN_THERE for one in answers):
        return f"it is asked as 127.0.0.1, and may answer under another host name alone: {_CHANGE}"
    return ""

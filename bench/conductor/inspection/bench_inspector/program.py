"""From an order to what is told about an app."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from .asking import ask, ask_all, note_exceptions
from .finding import Fault, find
from .mapping import is_flask, kind_of, paths, rule_facts, with_url_map


def run(order: str) -> None:
    """Carry out the order, a JSON document, and end the process, whatever threads the app has."""
    look(json.loads(order))
    with suppress(Exception):
        sys.stdout.flush()
    os._exit(0)


def look(order: dict[str, Any]) -> None:
    """Carry out the order: `answers`, `module`, `attribute`, `port`, `skip`, and the limits."""
    with Path(order["answers"]).open("a", buffering=1, encoding="ascii") as answers:

        def tell(what: str, **facts: Any) -> None:
            answers.write(json.dumps([what, facts]) + "\n")

        try:
            app, attribute = find(order["module"], order["attribute"])
        except Fault as fault:
            tell("fault", **fault.facts)
            return
        mapped = with_url_map(app)
        raised = note_exceptions(mapped)
        tell("app", attribute=attribute, kind=kind_of(app, mapped), is_flask=is_flask(app))
        for rule in () if mapped is None else mapped.url_map.iter_rules():
            tell("rule", **rule_facts(rule, mapped))
        asked = ["/"] if mapped is None else paths(mapped)
        ask_all(asked, order, tell, lambda path: ask(app, path, order, raised))
        tell("end")

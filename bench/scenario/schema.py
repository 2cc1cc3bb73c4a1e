"""The JSON Schema of a scenario file, for editors: it knows the short forms as well as the full ones.

Whatever the loader accepts, the schema accepts. Not the other way round: that names and ports are distinct,
durations within bounds or a folder there, a schema cannot say.
"""

from collections.abc import Collection, Sequence
from typing import Any

from bench.scenario.matrix import DEFAULT_SERVERS, LISTS, LISTS_OF_A_PROXY, MOST_DEPLOYMENTS
from bench.scenario.model import Measure, Scenario
from bench.scenario.server_choice import WORKERS
from bench.scenario.texts import PATH

Schema = dict[str, Any]

_MAPS = ("$defs", "properties", "patternProperties")
_NOISE = ("title", "ge", "le")


def scenario_schema(servers: Collection[str]) -> Schema:
    """The schema, draft 2020-12, of scenarios that may name these servers."""
    schema: Schema = _tidied(Scenario.model_json_schema(by_alias=True))
    parts = schema.pop("$defs")
    parts["Measure"]["properties"] = _with_written_defaults(parts["Measure"]["properties"])
    proxy = parts["Behind"]["properties"]
    parts["Behind"]["properties"] = proxy | {key: _or_list(proxy[key]) for key in LISTS_OF_A_PROXY}
    parts |= _server_parts(parts["ServerChoice"], servers) | {"RequestLine": _request_line(parts["Request"])}
    parts["Mix"]["properties"]["mix"] = {
        "description": parts["Mix"]["properties"]["mix"]["description"],
        **_one_or_many(_part("RequestLine"), _part("Request")),
    }
    properties = schema["properties"]
    properties["servers"] = _servers(properties["servers"]["description"], servers)
    properties["requests"] = {
        "description": properties["requests"]["description"],
        **_one_or_many(_part("RequestLine"), _part("Request"), _part("Mix")),
        "default": ["GET /"],
    }
    properties["load"] = {
        "description": properties["load"]["description"],
        **_one_or_many(_part("Load")),
        "default": {"connections": 16},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "wsgi-bench scenario",
        **schema,
        "$defs": dict(sorted(parts.items())),
    }


def _server_parts(choice: Schema, servers: Collection[str]) -> Schema:
    """The ways to name one server: by its name, with settings below its name, or as one of the settings."""
    settings = _with_lists({key: value for key, value in choice["properties"].items() if key != "server"})
    named = {"anyOf": [_part("ServerSettings"), {"type": "null"}]}
    return {
        "ServerName": {
            "description": choice["properties"]["server"]["description"],
            "enum": sorted(servers),
        },
        "ServerSettings": {
            "description": "How the server is configured.",
            "type": "object",
            "properties": settings,
            "additionalProperties": False,
        },
        "ServerChoice": {**choice, "properties": {"server": _part("ServerName"), **settings}},
        "CommandChoice": {
            **choice,
            "description": "A server by its command line.",
            "properties": settings,
            "required": ["command", "name"],
        },
        "NamedServers": {
            "description": "Servers with their settings.",
            "type": "object",
            "properties": dict.fromkeys(sorted(servers), named),
            "additionalProperties": False,
            "minProperties": 1,
        },
    }


def _with_lists(settings: Schema) -> Schema:
    """The settings of a server, each with the lists that it may be, and the other words there are."""
    behind = settings["behind"] | {"anyOf": [*settings["behind"]["anyOf"], {"enum": ["nginx"]}]}
    lists = {key: _or_list(settings[key]) for key in (*LISTS, "profile") if key != "behind"}
    return {**settings, **lists, "behind": _or_list(behind), WORKERS: lists["processes"]}


def _or_list(setting: Schema) -> Schema:
    """The schema of a setting, or of a list of such; what describes it stays outside."""
    outer = {key: value for key, value in setting.items() if key in ("description", "default")}
    one = {key: value for key, value in setting.items() if key not in outer}
    forms = one.pop("anyOf") if one.keys() == {"anyOf"} else [one]
    return {**outer, "anyOf": [*forms, {"type": "array", "items": _any_of(forms), "minItems": 1}]}


def _servers(description: str, servers: Collection[str]) -> Schema:
    one = _part("ServerName"), _part("ServerChoice"), _part("CommandChoice")
    listed = *one, {**_part("NamedServers"), "maxProperties": 1}
    return {
        "description": description,
        "anyOf": [
            *one,
            _part("NamedServers"),
            {"type": "array", "items": _any_of(listed), "minItems": 1, "maxItems": MOST_DEPLOYMENTS},
        ],
        "default": [name for name in DEFAULT_SERVERS if name in servers],
    }


def _request_line(request: Schema) -> Schema:
    methods = "|".join(request["properties"]["method"]["enum"])
    path = PATH.removeprefix("^").removesuffix("$")
    return {
        "description": "A request in short: `GET /json`, or the path alone.",
        "type": "string",
        "pattern": rf"^\s*(({methods})\s+)?{path}\s*$",
    }


def _one_or_many(*forms: Schema) -> Schema:
    return {"anyOf": [*forms, {"type": "array", "items": _any_of(forms), "minItems": 1}]}


def _any_of(forms: Sequence[Schema]) -> Schema:
    return forms[0] if len(forms) == 1 else {"anyOf": list(forms)}


def _part(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _with_written_defaults(properties: Schema) -> Schema:
    """The properties with their defaults as a file has them: durations with their units."""
    defaults = Measure().model_dump(mode="json", by_alias=True, exclude_none=True)
    return {
        key: {**value, "default": defaults[key]} if key in defaults else value
        for key, value in properties.items()
    }


def _tidied(schema: Any) -> Any:
    """The schema without pydantic's titles and empty defaults; keys that fit no pattern are refused."""
    if isinstance(schema, list):
        return [_tidied(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {
        key: {name: _tidied(entry) for name, entry in value.items()} if key in _MAPS else _tidied(value)
        for key, value in schema.items()
        if key not in _NOISE and (key, value) != ("default", None)
    }
    if "description" in tidy:
        tidy["description"] = str(tidy["description"]).split("\n\n")[0]  # of a docstring, its first sentence
    return tidy | {"additionalProperties": False} if "patternProperties" in tidy else tidy

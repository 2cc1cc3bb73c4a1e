"""One server configuration, with whatever stands in front of it; with the app it becomes a deployment."""

import re
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from bench.scenario.command_line import CommandLine
from bench.scenario.mistakes import KEY, Mistake, did_you_mean, quoted, refuse_any, refused
from bench.scenario.part import Part
from bench.scenario.texts import Argument, FilePath, Name

Profile = Literal["equal", "shipped"]
PROFILES: tuple[Profile, ...] = ("equal", "shipped")
DEFAULT_PROFILE: Profile = "equal"

COMMAND = "command"
"""The server that is a command line of the user's own."""

PLACEHOLDERS = ("port", "host", "folder")
"""What a command line may have in braces: where it is to listen, and the deployment's own folder."""

THREADS = 4
WORKERS = "workers"  # another word for processes

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Behind(Part):
    """The proxy in front of a server, and what is between them."""

    proxy: Literal["nginx"] = Field(description="The proxy: nginx.")
    over: Literal["unix", "tcp"] = Field(
        "unix",
        description="How the proxy reaches the server: over a unix socket, or over TCP on loopback, where "
        "the server has no unix socket.",
    )
    backends: int = Field(
        1,
        ge=1,
        le=64,
        description="How many of the server there are, each with its processes and threads; the proxy "
        "balances between them.",
    )


class ServerChoice(Part):
    """One server configuration; with the app it becomes a deployment."""

    server: Name = Field(description="The server: see `bench servers` for those there are.")
    name: Name = Field(
        default_factory=lambda fields: fields.get("server", ""),
        description="What the deployment is called in results; the server's name and what is special about "
        "it if not given. With lists of settings it is the first part of the names.",
    )
    processes: int | None = Field(
        None,
        ge=1,
        le=256,
        description="Worker processes, or a list to try; one for each core the servers may use if not given.",
    )
    threads: int = Field(
        THREADS, ge=1, le=1024, description="Threads in each worker process, or a list to try."
    )
    behind: Behind | None = Field(
        None, description="The proxy in front of it, such as nginx; or a list to try."
    )
    tls: bool = Field(False, description="Whether it speaks TLS; as the scenario says if not given.")
    profile: Profile = Field(
        DEFAULT_PROFILE,
        description="equal: settings that are the same for every server. shipped: what it has by default. As "
        "the scenario says if not given.",
    )
    port: int | None = Field(
        None, ge=1024, le=65535, description="A fixed port on 127.0.0.1; a free one is taken if not given."
    )
    options: tuple[Argument, ...] = Field(
        (), strict=False, description="Further command-line options, passed to the server as they are."
    )
    python: FilePath | None = Field(
        None, description="The Python it runs in, relative to the scenario file; the scenario's if not given."
    )
    command: CommandLine = Field(
        (),
        description="Anything else that takes a port: its command line, with {port} where the port goes; "
        "{host} is the address to listen on, {folder} a folder of its own.",
    )
    keep_alive: bool | None = Field(
        None,
        description="Of a command: whether it keeps connections open after an answer; unknown if not given.",
    )

    @model_validator(mode="before")
    @classmethod
    def _is_a_full_form(cls, value: Any) -> Any:
        """Refuse what could not be turned into a full form."""
        if isinstance(value, dict):
            if len(value) == 1 and not value.keys() & cls.model_fields.keys():
                refuse_any(_faults_of_settings(*next(iter(value.items()))))
            if WORKERS in value and "processes" in value:
                what = "`workers` is another word for `processes`"
                raise refused(Mistake(what, "leave out one of them", (WORKERS, KEY)))
        return value

    @field_validator("server", mode="before")
    @classmethod
    def _known_server(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse a server that is not among the validation context's, where there is one."""
        known = info.context
        if known is not None and isinstance(value, str) and value not in known:
            remedy = did_you_mean(value, known) or f"there are: {', '.join(sorted(known))}"
            raise refused(Mistake(f"there is no server {quoted(value)}", remedy))
        return value

    @model_validator(mode="after")
    def _goes_together(self) -> "ServerChoice":
        refuse_any(_faults_of_a_command(self) if self.server == COMMAND else _faults_of_a_server(self))
        return self


def _faults_of_settings(server: str, settings: Any) -> Iterator[Mistake]:
    if not isinstance(settings, dict):
        yield Mistake(f"{quoted(server)} must have a mapping of settings", "such as `{threads: 8}`")
    elif "server" in settings:
        yield Mistake("the server is named twice", f"leave out `server:` below {quoted(server)}")


def _faults_of_a_server(choice: ServerChoice) -> Iterator[Mistake]:
    if choice.command:
        yield Mistake("a command is a server of its own", "write it without another server", (COMMAND, KEY))
    if choice.keep_alive is not None:
        what = "`keep_alive` says what a command does, and this is none"
        yield Mistake(what, "leave it out: for other servers it is known", ("keep_alive", KEY))
    if choice.profile == "shipped":
        for key in _changed(choice, "processes", "threads"):
            what = f"with the profile `shipped` a server has the {key} that it has by default"
            yield Mistake(what, "leave it out, or write `profile: equal`", (key,))


def _faults_of_a_command(choice: ServerChoice) -> Iterator[Mistake]:
    if not choice.command:
        example = "`command: hypercorn --bind 127.0.0.1:{port} app:app`"
        yield Mistake("the command line is missing", f"write it, such as {example}")
        return
    if "name" not in choice.model_fields_set:
        yield Mistake("the key `name` is missing", "write what a command is to be called in results")
    yield from _faults_of_placeholders(choice)
    for key in _changed(choice, "threads", "profile", "options"):
        remedy = "leave it out: what the command is to do stands in its command line"
        yield Mistake(f"`{key}` says nothing about a command", remedy, (key,))


def _faults_of_placeholders(choice: ServerChoice) -> Iterator[Mistake]:
    used = {name for argument in choice.command for name in _PLACEHOLDER.findall(argument)}
    if "port" not in used:
        remedy = "write `{port}` where the port goes: a free one is taken for every launch"
        yield Mistake("the command has no `{port}`", remedy, (COMMAND,))
    for name in sorted(used - set(PLACEHOLDERS)):
        remedy = did_you_mean(name, PLACEHOLDERS) or "there may be `{port}`, `{host}` and `{folder}`"
        yield Mistake(f"{quoted(name)} is nothing that a command is given", remedy, (COMMAND,))
    if choice.behind is not None and "host" not in used:
        remedy = "write `{host}` for the address to listen on: each backend has one of its own"
        yield Mistake("behind a proxy the command has no `{host}`", remedy, (COMMAND,))


def _changed(choice: ServerChoice, *keys: str) -> Iterator[str]:
    """Those of the keys that are not what they are by default."""
    return (key for key in keys if getattr(choice, key) != ServerChoice.model_fields[key].default)

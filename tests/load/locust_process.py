"""The stock `locust` command in a process of its own, and what it said in the end."""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

ROOT = Path(__file__).parents[2]
LOCUSTFILES = Path(__file__).parent / "stock"


@dataclass(frozen=True)
class Ended:
    """A locust that has ended: its exit code and what it printed."""

    code: int
    output: str
    log: str

    @cached_property
    def entries(self) -> dict[str, dict[str, Any]]:
        """What `--json` printed, by the method and name of the request."""
        found = json.loads(self.output)
        return {f"{entry['method']} {entry['name']}": entry for entry in found}

    def counts(self) -> dict[str, int]:
        """The requests of `--json` by method and name."""
        return {name: entry["num_requests"] for name, entry in self.entries.items()}


class LocustProcess:
    """A running locust in a session of its own; it and its children are killed where it is left too early."""

    def __init__(self, file: str, *options: str, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "locust", "-f", str(LOCUSTFILES / file), *options],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if not name.startswith("LOCUST")}
            | {"PYTHONUNBUFFERED": "1"}
            | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._process:
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)

    def interrupt(self) -> None:
        """Ask it to end, as Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)

    def ended(self) -> Ended:
        """Wait for its end, which comes within a minute unless something hangs."""
        output, log = self._process.communicate(timeout=60)
        return Ended(self._process.returncode, output, log)


def locust(file: str, *options: str, environment: Mapping[str, str] | None = None) -> Ended:
    """Run a locustfile headless to its end."""
    with LocustProcess(file, "--headless", *options, environment=environment) as process:
        return process.ended()


class WebPage:
    """The web interface of a running locust."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 30
        while True:
            try:
                self.get("/")
            except URLError:
                assert time.monotonic() < deadline
                time.sleep(0.05)  # there is nothing else to wait for
            else:
                return

    def get(self, path: str, **form: object) -> str:
        data = urlencode(form).encode() if form else None
        with urlopen(self.url + path, data, timeout=30) as response:
            text: str = response.read().decode()
            return text

    def swarm(self, host: str) -> None:
        assert json.loads(self.get("/swarm", user_count=2, spawn_rate=2, host=host))["success"]

    def stop(self) -> None:
        assert json.loads(self.get("/stop", method="ask"))["success"]

    def total_when(self, is_right: Callable[[int], bool]) -> dict[str, Any]:
        """The last row of the statistics, which may be two seconds old, once its requests are right."""
        deadline = time.monotonic() + 30
        while True:
            total: dict[str, Any] = json.loads(self.get("/stats/requests"))["stats"][-1]
            if is_right(total["num_requests"]):
                return total
            assert time.monotonic() < deadline, total


def said_of(text: str) -> dict[str, Any]:
    """What the driver says of the users and shapes of a locustfile."""
    command = [sys.executable, "-m", "tests.load.stock.driver"]
    run = subprocess.run(
        command, input=text, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=60
    )
    said: dict[str, Any] = json.loads(run.stdout)
    return said


def free_port() -> int:
    """A port of loopback that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file that locust wrote."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))

"""The user's own locustfile: slices of load by its `HttpUser` and `FastHttpUser` classes, unchanged.

The file is treated as Locust's web UI would treat it: loaded once, its init event fired once, and every
slice is a test of its own, with test_start and test_stop, new users and statistics that begin at zero.
Every user class gets the slice's URL as its host, those with a host of their own too: what is measured is
the deployment. The working directory is the file's own, for imports and data files beside it.

A locustfile with a `LoadTestShape` is refused: within a slice the number of users is constant, so that
slices can be compared. `locust -f` runs its ramps and steps.
"""

import gc
import logging
import os
import time
import traceback
from pathlib import Path
from typing import Any

import gevent
import locust
from locust.argument_parser import get_parser
from locust.env import Environment
from locust.event import EventHook, Events
from locust.runners import STATE_RUNNING, LocalRunner
from locust.util.load_locustfile import load_locustfile

from bench.load.messages import LocustfileOrder, SliceOutcome
from bench.load.request_events import RequestEvents

SPAWN_PATIENCE_S = 30.0  # for test_start and the users' constructors
STOP_PATIENCE_S = 5.0  # for tasks to end, and once more for on_stop and test_stop


class UnusableLocustfile(ValueError):
    """The user's locustfile cannot be loaded or run as it is; the message names the file and says why."""


class LocustfileLoad:
    """A loaded locustfile that generates slices of load, one after the other, on any URL.

    Loading raises UnusableLocustfile where the file raises, has no users or has a LoadTestShape. Several may
    be loaded in one process: each has a `locust.events` of its own.
    """

    def __init__(self, path: Path) -> None:
        self._name = str(path)
        self._path = path.resolve()
        self._recording = RequestEvents()
        self._events = _events_that_raise()
        self._options: Any = None
        try:
            self._take_turn()
            self._environment, self._runner = self._load()
        except UnusableLocustfile:
            raise
        except (Exception, SystemExit) as error:
            raise self._unusable(_last_line(error, self._path)) from error

    def run_slice(self, order: LocustfileOrder) -> SliceOutcome:
        """One slice by new users, who are gone when it returns.

        Its counted window begins `ramp_ns` after the last of them was spawned; a request belongs to it if it
        was completed in it. Errors are exceptions by class name: those of requests, and with "in the
        locustfile" those that its own code raised. "unfinished" are the users whose task did not end within
        STOP_PATIENCE_S. Raises UnusableLocustfile where the file does not let the slice be as ordered.
        """
        self._check_fixed_counts(order.users)
        self._take_turn()
        self._recording = recording = RequestEvents()
        begun_ns, begun_busy_ns = time.perf_counter_ns(), time.process_time_ns()
        try:
            self._spawn(order)
            self._stay(order)
        finally:
            self._stop()
            # Clients and users refer to each other, which would keep connections open into the next slices.
            gc.collect()
        return recording.outcome(
            counted_ns=order.counted_ns,
            wall_ns=time.perf_counter_ns() - begun_ns,
            busy_ns=time.process_time_ns() - begun_busy_ns,
        )

    def statistics(self) -> dict[str, int]:
        """What Locust has counted in the latest slice: requests in all, and failures among them."""
        total = self._environment.stats.total
        return {"requests": total.num_requests, "failures": total.num_failures}

    def quit(self) -> None:
        """Tell the file's listeners that this was all."""
        self._take_turn()
        self._events.quitting.fire(environment=self._environment, reverse=True)
        self._runner.quit()
        self._events.quit.fire(exit_code=0)

    def _take_turn(self) -> None:
        """Make this file's what a process has one of: Locust's global events, the working directory."""
        locust.events = self._events
        os.chdir(self._path.parent)

    def _load(self) -> tuple[Environment, LocalRunner]:
        user_classes, shapes = load_locustfile(str(self._path))
        if not user_classes:
            raise self._unusable(
                "it has no user class; write at least one subclass of HttpUser or FastHttpUser"
            )
        if shapes:
            raise self._unusable(
                f"its load test shape {type(shapes[0]).__name__} would change the users within a slice; "
                "move it to another file that imports this one, and run that one with locust -f"
            )
        self._options = get_parser(default_config_files=()).parse_args([], env_vars={})
        # So that a user who calls sys.exit ends alone, and not whoever waits for the slice.
        gevent.get_hub().SYSTEM_ERROR = (KeyboardInterrupt, SystemError)
        environment = Environment(
            locustfile=self._path.name,
            user_classes=list(user_classes.values()),
            events=self._events,
            parsed_options=self._options,
            stop_timeout=3 * STOP_PATIENCE_S,  # never reached: `_stop` is less patient
        )
        runner = environment.create_local_runner()
        self._listen()
        self._events.init.fire(environment=environment, runner=runner, web_ui=None)
        # It warns at every slice that users are spawned at once and that the CPU is busy: both are intended.
        logging.getLogger("locust.runners").setLevel(logging.ERROR)
        return environment, runner

    def _listen(self) -> None:
        """Count next to Locust: its runner has just added its listeners, so both are told the same."""

        def on_request(**request: Any) -> None:
            self._recording.request(**request)

        def on_user_error(exception: Exception, **_: Any) -> None:
            self._recording.errors[f"{type(exception).__name__} in the locustfile"] += 1

        self._events.request.add_listener(on_request)
        self._events.user_error.add_listener(on_user_error)

    def _check_fixed_counts(self, users: int) -> None:
        fixed = [user_class.fixed_count for user_class in self._environment.user_classes]
        if all(fixed) and sum(fixed) < users:
            raise self._unusable(
                f"every class has a fixed_count, {sum(fixed)} in all: it cannot run with {users} users"
            )

    def _spawn(self, order: LocustfileOrder) -> None:
        self._environment.host = order.url
        options = self._options
        options.host, options.num_users, options.spawn_rate = order.url, order.users, order.users
        self._runner.start(order.users, spawn_rate=order.users)
        spawning = self._runner.spawning_greenlet
        if spawning is None:
            raise self._unusable("it stopped the test before it began")
        spawning.join(SPAWN_PATIENCE_S)
        if not spawning.ready():
            raise self._unusable(f"its users were not spawned within {SPAWN_PATIENCE_S:.0f} s")
        if spawning.exception is not None:
            raise self._unusable(_last_line(spawning.exception, self._path)) from spawning.exception

    def _stay(self, order: LocustfileOrder) -> None:
        begin_ns = time.perf_counter_ns() + order.ramp_ns
        end_ns = begin_ns + order.counted_ns
        self._recording.count_between(begin_ns, end_ns)
        while self._runner.state == STATE_RUNNING and (left_ns := end_ns - time.perf_counter_ns()) > 0:
            gevent.sleep(min(left_ns / 1e9, 1.0))
        if self._runner.state != STATE_RUNNING:
            raise self._unusable("it stopped the test before the slice was over")
        if not self._runner.user_count and not self._recording.errors:
            raise self._unusable(
                "all its users ended before the slice was over; let them go on until stopped"
            )

    def _stop(self) -> None:
        """Stop the users as Locust does, but wait for no task, on_stop or test_stop for ever."""
        stopping = gevent.spawn(self._runner.stop)
        stopping.join(STOP_PATIENCE_S)
        users = self._runner.user_greenlets
        if users:
            self._recording.errors["unfinished"] += len(users)
            users.kill(timeout=STOP_PATIENCE_S)
        stopping.join(STOP_PATIENCE_S)
        if users or not stopping.ready():
            raise self._unusable("its users do not let themselves be stopped")

    def _unusable(self, why: str) -> UnusableLocustfile:
        return UnusableLocustfile(f"cannot use the locustfile {self._name}: {why}")


class _StrictEvent(EventHook):
    """An event whose listeners' exceptions reach whoever fires it, where Locust would log them."""

    def fire(self, *, reverse: bool = False, **arguments: Any) -> None:
        for listener in reversed(self._handlers) if reverse else self._handlers:
            listener(**arguments)


def _events_that_raise() -> Any:
    """Events for a new locustfile, of which those of its loading raise what its listeners raise."""
    # Locust has no annotations for its events, hence `Any`.
    new_events: Any = Events
    new_event: Any = _StrictEvent
    events = new_events()
    events.init, events.init_command_line_parser = new_event(), new_event()
    return events


def _last_line(error: BaseException, path: Path) -> str:
    """The last line of the traceback, with the line of the file that it came from."""
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    if isinstance(error, SyntaxError) and error.filename == str(path):
        lines.append(error.lineno)
    what = traceback.format_exception_only(error)[-1].splitlines()[0]
    return f"line {lines[-1]}: {what}" if lines else what

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from bench.histogram import Histogram
from bench.load.messages import SliceOutcome
from tests.load.locustfiles.process import ROOT, LocustfileProcess, Refused, request_errors
from tests.load.locustfiles.shop import Shop

pytestmark = pytest.mark.integration

PLAIN = """
    from locust import HttpUser, task

    class Visitor(HttpUser):
        host = "http://192.0.2.1"  # never used: the slice's URL is

        @task
        def fox(self):
            self.client.get("/fox")
"""

MEMBERS = """
    import logging
    from locust import FastHttpUser, HttpUser, SequentialTaskSet, between, events, task

    log = logging.getLogger("flows")

    @events.init_command_line_parser.add_listener
    def add_options(parser):
        parser.add_argument("--shop", default="books")

    @events.init.add_listener
    def on_init(environment, web_ui, **_):
        log.warning("init %s %s", type(environment.runner).__name__, web_ui)

    @events.test_start.add_listener
    def on_test_start(environment, **_):
        options = environment.parsed_options
        log.warning("start %s %d %s", options.shop, options.num_users, options.host == environment.host)

    @events.test_stop.add_listener
    def on_test_stop(environment, **_):
        log.warning("stop %d", environment.runner.user_count)

    @events.quitting.add_listener
    def on_quitting(environment, **_):
        log.warning("quitting")

    class Flow(SequentialTaskSet):
        @task
        def look(self):
            self.client.get("/private")

        @task
        def look_again(self):
            self.client.get("/private", name="/private again")

    class Common:
        wait_time = between(0.001, 0.002)
        tasks = [Flow]

        def on_start(self):
            self.client.post("/login", json={"name": "fox"})

        def on_stop(self):
            self.client.post("/logout")

    class Member(Common, HttpUser):
        pass

    class FastMember(Common, FastHttpUser):
        pass
"""


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocustfileProcess]:
    """One process for all tests of the module, as one serves all slices of a run."""
    with LocustfileProcess(tmp_path_factory.mktemp("process") / "log") as started:
        yield started


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Shop() as opened:
        yield opened


def written(folder: Path, text: str, name: str = "flows.py") -> Path:
    path = folder / name
    path.write_text(dedent(text))
    return path


def test_requests_are_counted_alike_by_the_server_by_locust_and_here(
    process: LocustfileProcess, shop: Shop, tmp_path: Path
) -> None:
    outcome = process.slice(written(tmp_path, PLAIN), shop.url)
    assert outcome.errors == {}
    assert list(outcome.by_request) == ["GET /fox"]
    assert outcome.requests > 0
    assert dict(shop.asked) == {"GET /fox": outcome.answered}
    assert outcome.per_connection == []


def test_what_completes_before_the_window_begins_is_not_in_it(
    process: LocustfileProcess, shop: Shop, tmp_path: Path
) -> None:
    outcome = process.slice(written(tmp_path, PLAIN), shop.url, users=1, ramp_ms=400, counted_ms=200)
    # The requests of one user follow each other: only the first can have begun before the window.
    assert outcome.duration_sum_ns <= outcome.counted_ns + outcome.longest_ns
    assert 0 < outcome.requests < outcome.answered


def test_durations_are_finer_than_milliseconds(
    process: LocustfileProcess, shop: Shop, tmp_path: Path
) -> None:
    outcome = process.slice(written(tmp_path, PLAIN), shop.url)
    assert outcome.longest_ns % 1000 != 0 or outcome.duration_sum_ns % 1000 != 0


def test_both_kinds_of_users_may_be_in_one_file_each_with_its_names(
    process: LocustfileProcess, shop: Shop, tmp_path: Path
) -> None:
    (tmp_path / "beside.py").write_text("BODY = 'fox'\n")
    path = written(
        tmp_path,
        """
        from beside import BODY  # a module in the same folder
        from locust import FastHttpUser, HttpUser, constant, task

        class Slow(HttpUser):
            wait_time = constant(0.001)
            fixed_count = 1

            @task
            def fox(self):
                self.client.post("/fox", data=BODY, name="with requests")

        class Fast(FastHttpUser):
            wait_time = constant(0.001)

            @task
            def look(self):
                print("what it prints is no answer")
                self.client.get("/look?at=fox")

            @task
            def grouped(self):
                with self.client.rename_request("/item/[id]"):
                    for number in range(3):
                        self.client.get(f"/item/{number}")
        """,
    )
    outcome = process.slice(path, shop.url, users=4, counted_ms=400)
    assert outcome.errors == {}
    assert set(outcome.by_request) == {"POST with requests", "GET /look?at=fox", "GET /item/[id]"}
    assert {name.split("?")[0] for name in shop.asked} == {
        *("POST /fox", "GET /look", "GET /item/0", "GET /item/1", "GET /item/2")
    }
    assert shop.asked.total() == outcome.answered


def test_failed_requests_are_errors_by_the_name_of_their_exception(
    process: LocustfileProcess, shop: Shop, tmp_path: Path
) -> None:
    path = written(
        tmp_path,
        """
        from locust import FastHttpUser, HttpUser, SequentialTaskSet, task

        class Everything(SequentialTaskSet):
            @task
            def disliked(self):
                with self.client.get("/fox", name="disliked", catch_response=True) as response:
                    response.failure("not what it was")

            @task
            def forgiven(self):
                with self.client.get("/error", name="forgiven", catch_response=True) as response:
                    response.success()

            @task
            def error(self):
                self.client.get("/error")

            @task
            def cut(self):
                self.client.get("/cut")

        class Slow(HttpUser):
            fixed_count = 1
            tasks = [Everything]

        class Fast(FastHttpUser):
            fixed_count = 1
            tasks = [Everything]
        """,
    )
    outcome = process.slice(path, shop.url, counted_ms=400)
    assert list(outcome.by_request) == ["GET forgiven"]
    assert outcome.errors["CatchResponseError"] == shop.asked["GET /fox"]
    of_status = outcome.errors["HTTPError"] + outcome.errors["LocustBadStatusCode"]
    assert outcome.answered + of_status == shop.asked["GET /error"]
    assert outcome.answered + request_errors(outcome) == shop.asked.total()
    assert shop.asked["GET /cut"] > 0


def test_users_who_find_nobody_have_errors_and_no_requests(
    process: LocustfileProcess, shop: Shop, tmp_path: Path
) -> None:
    with Shop() as closed:
        url = closed.url
    outcome = process.slice(written(tmp_path, PLAIN), url)
    assert set(outcome.errors) == {"ConnectionRefusedError"}
    assert (outcome.requests, outcome.answered, outcome.by_request) == (0, 0, {})


def test_users_log_in_keep_their_cookies_and_log_out(shop: Shop, tmp_path: Path) -> None:
    path = written(tmp_path, MEMBERS)
    with LocustfileProcess(tmp_path / "log") as process:
        outcomes = [process.slice(path, shop.url, users=4, ramp_ms=200, counted_ms=300) for _ in range(2)]
    assert [outcome.errors for outcome in outcomes] == [{}, {}]
    assert (shop.asked["POST /login"], shop.asked["POST /logout"]) == (8, 8)
    assert shop.logged_in == set()
    assert sum(outcome.answered for outcome in outcomes) == shop.asked.total()
    for outcome in outcomes:
        assert outcome.by_request.keys() >= {"GET /private", "GET /private again"}
    lines = [line for line in (tmp_path / "log").read_text().splitlines() if line]
    once = ["start books 4 True", "stop 0"]
    assert lines == ["init LocalRunner None", *once, *once, "quitting"]


def test_slices_on_two_urls_do_not_mix(process: LocustfileProcess, tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN)
    with Shop() as one, Shop() as other:
        first = process.slice(path, one.url, users=5)
        assert one.all_hung_up()
        after_first = one.asked.copy()
        second = process.slice(path, other.url, users=1)
        third = process.slice(path, one.url, users=2)
        assert after_first["GET /fox"] == first.answered
        assert other.asked["GET /fox"] == second.answered
        assert one.asked["GET /fox"] == first.answered + third.answered


@pytest.mark.parametrize("kind", ["HttpUser", "FastHttpUser"])
def test_no_connection_is_left_open_after_a_slice(
    process: LocustfileProcess, shop: Shop, tmp_path: Path, kind: str
) -> None:
    path = written(tmp_path, PLAIN.replace("HttpUser", kind))
    process.slice(path, shop.url, users=8)
    before = process.order(process=None)
    process.slice(path, shop.url, users=8)
    assert shop.all_hung_up()
    assert process.order(process=None) == before
    assert before["collects"]


def test_several_locustfiles_in_one_process_do_not_hear_of_each_other(
    process: LocustfileProcess, shop: Shop, tmp_path: Path
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    listening = """
    from locust import events

    @events.request.add_listener
    def complain(**_):
        raise RuntimeError("heard of a request")
    """
    one = written(tmp_path / "one", PLAIN + listening)
    other = written(tmp_path / "other", PLAIN.replace("/fox", "/cat"))

    def heard() -> int:
        return process.log.read_text().count("RuntimeError: heard of a request")

    assert set(process.slice(one, shop.url).by_request) == {"GET /fox"}
    assert heard() == shop.asked["GET /fox"]
    assert set(process.slice(other, shop.url).by_request) == {"GET /cat"}
    assert heard() == shop.asked["GET /fox"]
    assert set(process.slice(one, shop.url).by_request) == {"GET /fox"}
    assert heard() == shop.asked["GET /fox"]


def test_exceptions_of_tasks_are_errors_of_the_locustfile(
    process: LocustfileProcess, shop: Shop, tmp_path: Path
) -> None:
    path = written(
        tmp_path,
        """
        from locust import FastHttpUser, constant, task

        class Clumsy(FastHttpUser):
            wait_time = constant(0.01)

            @task
            def fox(self):
                self.client.get("/fox")
                raise KeyError("nothing to do with a request")
        """,
    )
    outcome = process.slice(path, shop.url)
    assert outcome.errors == {"KeyError in the locustfile": outcome.answered}
    assert outcome.answered == shop.asked["GET /fox"]


def test_users_whose_on_start_raises_are_errors_of_the_locustfile(
    process: LocustfileProcess, shop: Shop, tmp_path: Path
) -> None:
    path = written(
        tmp_path,
        """
        from locust import HttpUser, task

        class Clumsy(HttpUser):
            def on_start(self):
                raise LookupError("no data")

            @task
            def fox(self):
                self.client.get("/fox")
        """,
    )
    outcome = process.slice(path, shop.url, users=3)
    assert outcome.errors == {"LookupError in the locustfile": 3}
    assert not shop.asked


def test_users_that_do_not_end_are_stopped_and_counted(
    process: LocustfileProcess, shop: Shop, tmp_path: Path
) -> None:
    path = written(
        tmp_path,
        """
        from locust import FastHttpUser, task

        class Patient(FastHttpUser):
            @task
            def wait(self):
                self.client.get("/stall")

            def on_stop(self):
                self.client.get("/bye")
        """,
    )
    outcome = process.slice(path, shop.url, users=3, counted_ms=50)
    assert outcome.errors == {"unfinished": 3}
    assert outcome.answered == shop.asked["GET /bye"] == 3
    assert outcome.requests == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("import locust\n", "it has no user class", id="no users"),
        pytest.param(
            "from locust import HttpUser\n\nclass Base(HttpUser):\n    abstract = True\n",
            "it has no user class",
            id="abstract users only",
        ),
        pytest.param(
            dedent(PLAIN) + "\nfrom locust import LoadTestShape\n\nclass Steps(LoadTestShape):\n"
            "    def tick(self):\n        return 1, 1\n",
            "its load test shape Steps would change the users within a slice",
            id="a load test shape",
        ),
        pytest.param(
            "import locust\n\nLIMIT = int('many')\n",
            "line 3: ValueError: invalid literal for int() with base 10: 'many'",
            id="it raises",
        ),
        pytest.param(
            "import locust\nimport no_such_module\n",
            "line 2: ModuleNotFoundError: No module named 'no_such_module'",
            id="a module is missing",
        ),
        pytest.param("raise OSError('one\\ntwo')\n", "line 1: OSError: one", id="it raises at length"),
        pytest.param("class Visitor\n", "line 1: SyntaxError: expected ':'", id="a mistake in it"),
        pytest.param("import sys\nsys.exit(3)\n", "line 2: SystemExit: 3", id="it exits"),
        pytest.param(
            dedent(PLAIN) + "\nfrom locust import events\n\n@events.init.add_listener\n"
            "def on_init(environment, **_):\n    environment.web_ui.app\n",
            "AttributeError: 'NoneType' object has no attribute 'app'",
            id="its init listener raises",
        ),
        pytest.param(
            dedent(PLAIN).replace("@task", "weight = 0\n\n    @task"),
            "ValueError: There are no users with weight > 0.",
            id="no weight",
        ),
        pytest.param(
            dedent(PLAIN).replace("@task", "fixed_count = 1\n\n    @task"),
            "every class has a fixed_count, 1 in all: it cannot run with 2 users",
            id="fewer users than asked for",
        ),
        pytest.param(
            dedent(PLAIN).replace("@task", "def __init__(self, environment):\n        1 / 0\n\n    @task"),
            "ZeroDivisionError: division by zero",
            id="its users cannot be made",
        ),
        pytest.param(
            dedent(PLAIN).replace("@task", "def on_start(self):\n        self.stop()\n\n    @task"),
            "all its users ended before the slice was over",
            id="its users end",
        ),
        pytest.param(
            dedent(PLAIN).replace('self.client.get("/fox")', "self.environment.runner.quit()"),
            "it stopped the test before the slice was over",
            id="it quits",
        ),
        pytest.param(
            dedent(PLAIN).replace('self.client.get("/fox")', "raise SystemExit(1)"),
            "all its users ended before the slice was over",
            id="its users exit",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(
    process: LocustfileProcess, shop: Shop, tmp_path: Path, text: str, why: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(Refused) as refused:
        process.slice(path, shop.url)
    assert str(refused.value).startswith(f"cannot use the locustfile {path}: ")
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_refused(process: LocustfileProcess, shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="FileNotFoundError"):
        process.slice(tmp_path / "nowhere" / "flows.py", shop.url)


def test_a_slice_after_a_refused_one_is_as_any_other(
    process: LocustfileProcess, shop: Shop, tmp_path: Path
) -> None:
    path = written(
        tmp_path,
        """
        from locust import FastHttpUser, task

        class Fickle(FastHttpUser):
            @task
            def fox(self):
                if self.client.get("/fox").request.url.endswith("fox") and len(quits) == 0:
                    quits.append(True)
                    self.environment.runner.quit()

        quits = []
        """,
    )
    with pytest.raises(Refused, match="stopped the test"):
        process.slice(path, shop.url)
    assert shop.all_hung_up()
    before = shop.asked.total()
    outcome = process.slice(path, shop.url)
    assert outcome.errors == {}
    assert shop.asked.total() - before == outcome.answered > 0


RECORDING = """
import json
from bench.load.request_events import MOST_NAMES, OTHER_NAMES, RequestEvents

recording = RequestEvents()
recording.count_between(0, 1 << 63)
for number in range(200_000):
    recording.request(request_type="SAY", name="much", response_time=(1.234567, 250.0)[number % 2])
for number in range(MOST_NAMES + 50):
    recording.request(request_type="SAY", name=f"name {number}", response_time=1, context={})
recording.request(request_type="SAY", name="much", response_time=None)
recording.request(request_type="SAY", name="much", response_time=1, exception="in words")
outcome = recording.outcome(counted_ns=1, wall_ns=1, busy_ns=1)
print(json.dumps(outcome.to_message()))
"""


def test_many_durations_and_many_names_are_summed_up_without_loss() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", RECORDING], cwd=ROOT, check=True, capture_output=True, text=True
    )
    outcome = SliceOutcome.from_message(json.loads(ran.stdout))
    assert outcome.requests == 200_150
    assert outcome.answered == 200_151  # with the one that has no duration
    assert outcome.errors == {"failure": 1}
    assert outcome.duration_sum_ns == 100_000 * (1_234_567 + 250_000_000) + 150 * 1_000_000
    assert outcome.longest_ns == 250_000_000
    assert outcome.by_request["SAY much"].requests == 200_000
    halves = [1_234_567, 250_000_000]
    assert Histogram.decode(outcome.by_request["SAY much"].histogram) == sum(
        (Histogram.of(halves * 10_000) for _ in range(10)), Histogram()
    )
    assert len(outcome.by_request) == 101
    assert outcome.by_request["(other names)"].requests == 51

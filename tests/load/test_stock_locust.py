"""`locust -f` with a `ConnectionUser`: everything of Locust works, and it counts what the server counted."""

import os
import re
import ssl
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.load.certificates import Certificates, make_certificates
from tests.load.locust_process import ROOT, LocustProcess, WebPage, free_port, locust, rows, said_of
from tests.load.stock.counting_server import CountingServer

pytestmark = pytest.mark.integration

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
JSON = ("--json", "--only-summary")


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with CountingServer() as started:
        yield started


def by_name(server: CountingServer) -> dict[str, int]:
    """What was asked of the server, by what mix.py calls it."""
    return {name.replace("/echo", "echo"): count for name, count in server.asked.items()}


def counts_of(folder: Path) -> dict[str, int]:
    """The requests in locust's CSV file."""
    table = rows(folder / "run_stats.csv")
    return {f"{row['Type']} {row['Name']}".strip(): int(row["Request Count"]) for row in table}


def has_whole_numbers_only(row: dict[str, str]) -> bool:
    """Whether the percentiles of a row of a CSV file are whole milliseconds."""
    return all(float(row[share]).is_integer() for share in ("50%", "66%", "75%", "80%", "90%", "95%", "99%"))


def test_every_output_has_the_counts_of_the_server_and_fractions_of_milliseconds(
    server: CountingServer, tmp_path: Path
) -> None:
    csv_options = ("--csv", str(tmp_path / "run"), "--csv-full-history", "--html", str(tmp_path / "run.html"))
    options = ("-u", "3", "-r", "3", "-t", "4s", "--host", server.url, "--stop-timeout", "5")
    ended = locust("mix.py", *options, *csv_options, *JSON)
    assert server.all_hung_up()
    assert (ended.code, server.answered) == (0, server.asked.total())
    assert "Not all users finished" not in ended.log
    assert ended.counts() == by_name(server)
    assert counts_of(tmp_path) == by_name(server) | {"Aggregated": server.asked.total()}

    entry = ended.entries["GET /fox"]
    assert (entry["num_failures"], entry["num_none_requests"]) == (0, 0)
    assert 0 < entry["min_response_time"] < entry["max_response_time"]
    assert sum(entry["response_times"].values()) == entry["num_requests"]
    assert any(not float(time_ms).is_integer() for time_ms in entry["response_times"])

    history = [row for row in rows(tmp_path / "run_stats_history.csv") if row["50%"] != "N/A"]
    assert max(int(row["User Count"]) for row in history) == 3
    assert not all(map(has_whole_numbers_only, history))
    assert not any(map(has_whole_numbers_only, rows(tmp_path / "run_stats.csv")))

    printed = [line.split() for line in ended.log.splitlines() if line.startswith("GET      /fox")]
    counts, percentiles = printed
    assert int(counts[2]) == int(percentiles[-1]) == entry["num_requests"]
    assert percentiles[2] == counts[-4]
    assert not all(float(each).is_integer() for each in percentiles[2:-1])
    assert f'"num_requests": {server.asked.total()}' in (tmp_path / "run.html").read_text()


def test_two_processes_together_count_what_the_server_counts(server: CountingServer, tmp_path: Path) -> None:
    options = ("-u", "4", "-r", "4", "-t", "2s", "--host", server.url, "--csv", str(tmp_path / "run"))
    ended = locust("mix.py", "--processes", "2", *options, "--only-summary")
    assert server.all_hung_up()
    assert (ended.code, max(server.history)) == (0, 4)
    assert counts_of(tmp_path) == by_name(server) | {"Aggregated": server.asked.total()}
    assert not has_whole_numbers_only(rows(tmp_path / "run_stats.csv")[-1])


def test_master_and_worker_bring_arrivals_and_count_what_the_server_counts(server: CountingServer) -> None:
    port = str(free_port())
    with LocustProcess(
        "arrivals.py", "--worker", "--master-host", "127.0.0.1", "--master-port", port
    ) as worker:
        bind = ("--master-bind-host", "127.0.0.1", "--master-bind-port", port)
        options = ("-u", "2", "-r", "2", "-t", "2s", "--host", server.url, *JSON)
        ended = locust("arrivals.py", "--master", "--expect-workers", "1", *bind, *options)
        assert worker.ended().code == 0
    assert server.all_hung_up()
    assert ended.code == 0
    assert ended.counts() == dict(server.asked)
    assert max(server.history) <= 16
    times = ended.entries["GET /fox"]["response_times"]
    assert any(not float(time_ms).is_integer() for time_ms in times)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    if not CHROMIUM.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{CHROMIUM} is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser.new_page()
        browser.close()


def test_the_web_page_starts_shows_stops_and_resets(server: CountingServer, page: Page) -> None:
    port = free_port()
    with LocustProcess("mix.py", "--web-host", "127.0.0.1", "--web-port", str(port)) as process:
        web = WebPage(port)
        web.swarm(server.url)
        page.goto(web.url)
        first = web.total_when(lambda count: count > 0)
        second = web.total_when(lambda count: count > first["num_requests"])
        for key in ("min_response_time", "response_time_percentile_0.95", "response_time_percentile_0.99"):
            assert second[key] > 0
        assert not float(second["min_response_time"]).is_integer()
        row = page.get_by_role("row").filter(has_text="/login")
        row.wait_for()
        assert any("." in cell for cell in row.inner_text().split()[4:8])
        web.stop()
        assert server.all_hung_up()
        first_run = server.asked.total()
        web.total_when(lambda count: count == first_run)

        web.get("/stats/reset", method="ask")
        web.total_when(lambda count: count == 0)
        web.swarm(server.url)
        server.wait_for(first_run + 100)
        web.stop()
        assert server.all_hung_up()
        web.total_when(lambda count: count == server.asked.total() - first_run)
        process.interrupt()
        assert process.ended().code == 0


def test_connections_follow_the_steps_of_a_shape(server: CountingServer) -> None:
    ended = locust("steps.py", "--host", server.url, *JSON)
    assert server.all_hung_up()
    assert server.history == [0, 1, 2, 3, 4, 5, 4, 3, 2, 1, 0]
    assert (ended.code, ended.counts()) == (0, dict(server.asked))


def test_arrivals_follow_the_steps_of_a_shape(server: CountingServer) -> None:
    ended = locust("rates.py", "--host", server.url, *JSON)
    assert (ended.code, ended.counts()) == (0, dict(server.asked))
    ticks = [float(found) for found in re.findall(r"tick ([\d.]+)$", ended.log, re.MULTILINE)]
    low, high, low_again = (
        sum(begin <= each < end for each in server.times) for begin, end in pairwise(ticks)
    )
    assert high > 4 * low > 0
    assert high > 4 * low_again > 0


def test_wrong_answers_are_failures_by_kind_and_in_no_percentile(
    server: CountingServer, tmp_path: Path
) -> None:
    options = ("-u", "2", "-r", "2", "-t", "2s", "--host", server.url, "--csv", str(tmp_path / "run"))
    ended = locust("wrong.py", *options, *JSON)
    assert server.all_hung_up()
    assert ended.code == 1
    assert ended.counts() == dict(server.asked)
    kinds = {
        "/error": "status 500",
        "/status": "status 200",
        "/text": "body",
        "/json": "body",
        "/hash": "body",
    }
    wrong = ["/error", "/status", "/length", "/body", "/text", "/json", "/hash", "/header"]
    failures = {
        (row["Name"], row["Error"]): int(row["Occurrences"]) for row in rows(tmp_path / "run_failures.csv")
    }
    assert failures == {
        (name, kinds.get(name, name.removeprefix("/"))): server.asked[f"GET {name}"] for name in wrong
    }
    for name in wrong:
        entry = ended.entries[f"GET {name}"]
        assert entry["num_failures"] == entry["num_none_requests"] == entry["num_requests"]
        assert (entry["response_times"], entry["min_response_time"]) == ({}, None)
        assert sum(entry["num_reqs_per_sec"].values()) == entry["num_requests"]
        assert sum(entry["num_fail_per_sec"].values()) == entry["num_requests"]
    final = {row["Name"]: row for row in rows(tmp_path / "run_stats.csv")}
    right, total = final["/right"], final["Aggregated"]
    assert right["Failure Count"] == "0"
    times = ("Median Response Time", "Average Response Time", "Min Response Time", "50%", "99%", "100%")
    assert [total[key] for key in times] == [right[key] for key in times]
    assert int(total["Failure Count"]) == sum(failures.values())


def test_a_server_that_dies_gives_failures_and_no_hang() -> None:
    with CountingServer(dies_after=500) as server:
        ended = locust("mix.py", "-u", "4", "-r", "4", "-t", "2s", "--host", server.url, *JSON)
        assert server.all_hung_up()
    assert ended.code == 1
    good = sum(entry["num_requests"] - entry["num_failures"] for entry in ended.entries.values())
    assert good == server.answered
    assert re.search(r"^\d+ +POST echo: connect", ended.log, re.MULTILINE)


def test_the_end_waits_for_an_answer_no_longer_than_the_stop_timeout(server: CountingServer) -> None:
    options = ("-u", "2", "-r", "2", "--stop-timeout", "1", "--host", server.url, "--headless", *JSON)
    with LocustProcess("patient.py", *options) as process:
        server.wait_for_all("GET /stall")
        process.interrupt()
        ended = process.ended()
    assert "Not all users finished" in ended.log
    assert (ended.code, ended.counts()) == (0, {})


def test_classes_have_loads_of_their_own_until_an_interrupt(server: CountingServer) -> None:
    options = ("-u", "6", "-r", "6", "--host", server.url, "--headless", *JSON)
    with LocustProcess("several.py", *options) as process:
        server.wait_for_all("GET /visitor", "GET /regular", "GET /arriving")
        process.interrupt()
        ended = process.ended()
    assert server.all_hung_up()
    assert (ended.code, "Traceback" in ended.log) == (0, False)
    assert ended.counts() == dict(server.asked)
    for word in ("starts", "stops"):
        assert [ended.log.count(f"{name} {word}\n") for name in ("Visitor", "Regular")] == [3, 1]
    assert f"known at the end: {server.asked.total()}\n" in ended.log


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def test_certificates_are_checked_against_authorities_unless_told_otherwise(
    certificates: Certificates, tmp_path: Path
) -> None:
    authorities = tmp_path / "authorities.pem"
    authorities.write_text(certificates.authority)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates.certificate, certificates.key)
    with CountingServer(tls) as server:
        options = ("-u", "3", "-r", "3", "-t", "2s", "--host", server.url, *JSON)
        ended = locust("secure.py", *options, environment={"AUTHORITIES": str(authorities)})
        assert server.all_hung_up()
    counts = ended.counts()
    doubts = counts.pop("GET /doubting")
    assert ended.code == 1
    assert counts == dict(server.asked)
    assert set(counts) == {"GET /trusting", "GET /careless"}
    assert ended.entries["GET /doubting"]["num_failures"] == doubts > 0
    assert re.search(r"^\d+ +GET /doubting: tls", ended.log, re.MULTILINE)


def test_no_host_ends_the_test_with_one_clear_sentence() -> None:
    ended = locust("mix.py", "-u", "2", "-t", "5s", "--only-summary")
    assert ended.code == 1
    assert ended.log.count("Visitor cannot send: it has no host; give the class one, or say --host") == 1
    assert "Traceback" not in ended.log


def test_the_examples_of_the_page_can_be_sent() -> None:
    page = (ROOT / "docs" / "locust.md").read_text()
    examples = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    said = said_of("\n".join(examples))
    assert said["users"].keys() == {"Visitor", "Shopper", "Arrivals", "Secure"}
    for user in said["users"].values():
        assert user["host"] == "127.0.0.1"
    assert len(said["users"]["Shopper"]["requests"]) == 6
    assert said["ticks"] == [[8, 100]]

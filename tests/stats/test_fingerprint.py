import pytest

from bench.results.model import Deployment, Machine, Run
from bench.results.model import Part as DeployedPart
from bench.stats.two_runs.fingerprint import NOT_THERE, Difference, differences, differences_of, facts
from tests.stats.synthetic import Part, measurements

PARTS = [Part("gunicorn"), Part("gunicorn", app="floor"), Part("uwsgi")]
SCENARIO = {
    "app": "shop:app",
    "floor": "bare:app",
    "requests": [{"method": "GET", "path": "/json", "headers": {}}, {"name": "browsing", "mix": []}],
    "environment": {"PASSWORD": "hunter2"},
    "measure": {"for": "60s", "generators": 1, "seed": None},
}


def run(**update: object) -> Run:
    return measurements(PARTS, launches=1, blocks=1).run.model_copy(update={"scenario": SCENARIO, **update})


def scenario(**update: object) -> Run:
    return run(scenario={**SCENARIO, **update})


def machine(**update: object) -> Machine:
    return run().machine.model_copy(update=update)


def deployed(**update: object) -> tuple[Deployment, ...]:
    first, *others = run().deployments
    return (first.model_copy(update=update), *others)


def test_a_run_differs_from_itself_in_nothing() -> None:
    assert differences(run(), run()) == ()


def test_what_a_run_of_an_older_version_could_not_do_otherwise_is_no_difference() -> None:
    request = {"method": "GET", "path": "/json"}
    unsaid = {"generators": 1, "interleave": "slices", "until": None, "twin": False}
    older = scenario(requests=[request], measure={"for": "60s"})
    newer = scenario(requests=[{**request, "weight": 1}], measure={"for": "60s", **unsaid})
    assert differences(older, newer) == ()
    other = scenario(
        requests=[request], measure={"for": "60s", **unsaid, "generators": 2, "interleave": "rounds"}
    )
    assert [one.name for one in differences(older, other)] == ["measure: generators", "measure: interleave"]


def test_every_fact_has_a_name_of_its_own() -> None:
    names = [fact.name for fact in facts(run())]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize(
    ("changed", "name", "matters"),
    [
        (run(machine=machine(cpu_model="Another")), "processor", True),
        (run(machine=machine(cores=8)), "number of cores", True),
        (run(machine=machine(server_cores=(0, 1))), "cores of the servers", True),
        (run(machine=machine(generator_cores=(0,))), "cores of the generator", True),
        (run(machine=machine(hypervisor="KVM")), "hypervisor", True),
        (run(machine=machine(frequency_governor="powersave")), "frequency governor", True),
        (run(machine=machine(memory_bytes=8_000_000_000)), "memory", False),
        (run(machine=machine(kernel="6.2")), "kernel", False),
        (run(machine=machine(distribution="Debian 13")), "distribution", False),
        (run(versions={"python": "3.12"}), "version of Python", True),
        (run(versions={"python": "3.11", "flask": "4"}), "version of flask", True),
        (run(versions={"python": "3.11", "locust": "4"}), "version of locust", False),
        (run(deployments=deployed(version="2.0")), "gunicorn: version", True),
        (run(deployments=deployed(parts=(DeployedPart(name="gunicorn", command=("gunicorn", "--preload")),))),
         "gunicorn: command", True),
        (run(deployments=deployed(behind="nginx")), "gunicorn: behind", True),
        (run(deployments=deployed(profile="shipped")), "gunicorn: profile", True),
        (run(deployments=deployed(programs={"nginx": "1.0"})), "gunicorn: programs", True),
        (run(deployments=deployed(processes=2)), "gunicorn: processes", True),
        (run(deployments=deployed(threads=2)), "gunicorn: threads", True),
        (scenario(app="other:app"), "app", True),
        (scenario(floor="other:app"), "floor", True),
        (scenario(environment={"PASSWORD": "other"}), "environment variable PASSWORD", True),
        (scenario(measure={**SCENARIO["measure"], "for": "5m"}), "measure: for", False),  # type: ignore[dict-item]  # a mapping
        (scenario(measure={**SCENARIO["measure"], "generators": 2}), "measure: generators", True),  # type: ignore[dict-item]  # a mapping
        (run(seed=99), "seed", False),
        (run(status="partial"), "status", False),
    ],
)  # fmt: skip
def test_a_fact_that_changed_is_named_with_its_weight(changed: Run, name: str, *, matters: bool) -> None:
    (only,) = differences(run(), changed)
    assert (only.name, only.matters) == (name, matters)
    assert only.first != only.second


def test_what_matters_stands_first() -> None:
    both = run(seed=99, machine=machine(cpu_model="Another", kernel="6.2"))
    assert [one.matters for one in differences(run(), both)] == [True, False, False]


def test_a_deployment_of_one_run_alone_is_one_difference() -> None:
    without = run(deployments=run().deployments[:2])
    assert differences(run(), without) == (
        Difference("deployments", "gunicorn, gunicorn (floor), uwsgi", "gunicorn, gunicorn (floor)", False),
    )


def test_a_request_that_is_asked_in_another_way_matters() -> None:
    other = scenario(requests=[{"method": "GET", "path": "/json", "headers": {"Accept": "*"}}])
    found = {one.name: one.matters for one in differences(run(), other)}
    assert found == {"request GET /json": True, "requests": False}


def test_a_key_without_a_value_says_nothing() -> None:
    newer = [{**SCENARIO["requests"][0], "cookies": {}, "body": None}, SCENARIO["requests"][1]]  # type: ignore[index]  # a list
    assert differences(run(), scenario(requests=newer)) == ()


def test_a_few_pages_more_are_no_other_machine() -> None:
    assert differences(run(), run(machine=machine(memory_bytes=4_000_004_096))) == ()


def test_values_of_the_environment_are_told_apart_and_not_shown() -> None:
    assert "hunter2" not in str(facts(run()))


def test_a_fact_that_one_of_them_lacks_is_told_as_such() -> None:
    (only,) = differences_of(facts(run()), tuple(one for one in facts(run()) if one.name != "hypervisor"))
    assert (only.name, only.first, only.second) == ("hypervisor", "none found", NOT_THERE)

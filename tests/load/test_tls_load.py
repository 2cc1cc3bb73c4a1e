import ssl
from dataclasses import replace

import pytest

from bench.load.target import Target, Tls
from tests.load.certificates import Certificates, make_certificates
from tests.load.checked_generator import CheckedGenerator, arrivals_of
from tests.load.scripted_server import End, Script, ScriptedServer, Step
from tests.load.test_generator import (
    BODY,
    LARGE_BODY,
    REQUEST,
    WAYS_THAT_CLOSE,
    WAYS_THAT_KEEP,
    WRONG,
    always,
    answer,
    chunked,
    every_tenth,
    post,
    target_of,
)
from tests.load.test_open_loop import nobody, target_at

pytestmark = pytest.mark.integration

LOOPS = pytest.mark.parametrize("rate", [None, 200.0], ids=["closed", "open"])
WAYS = ["whole", "header and body apart", "chunked in segments", "a date that changes"]
WRONG_ANSWERS = ["another body", "a body cut short", "an end without an answer", "a reset in mid-answer"]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def other_certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("others"), "DNS:elsewhere.example")


def server_context(certificates: Certificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    return context


def tls_server(certificates: Certificates, script: Script, request: bytes = REQUEST) -> ScriptedServer:
    return ScriptedServer(script, request, tls=server_context(certificates))


def over_tls(target: Target, certificates: Certificates) -> Target:
    return replace(target, tls=Tls("localhost", authorities=certificates.authority))


@LOOPS
@pytest.mark.parametrize("way", WAYS)
def test_answers_are_verified_on_connections_that_stay(
    generator: CheckedGenerator, certificates: Certificates, way: str, rate: float | None
) -> None:
    with tls_server(certificates, WAYS_THAT_KEEP[way]) as server:
        generator.set_targets(fox=over_tls(target_of(server), certificates))
        first, second = (generator.slice("fox", connections=3, rate_per_s=rate) for _ in range(2))
        assert first.errors == second.errors == {}
        assert first.answered + second.answered == server.requests > 0
        assert first.connections_opened + second.connections_opened == server.connections
        if rate is None:
            assert (first.connections_opened, second.connections_opened) == (3, 0)


@LOOPS
@pytest.mark.parametrize("way", ["announced, in segments", "HTTP/1.0", "the end of the body"])
def test_a_connection_for_each_answer_where_the_server_closes_them(
    generator: CheckedGenerator, certificates: Certificates, way: str, rate: float | None
) -> None:
    with tls_server(certificates, WAYS_THAT_CLOSE[way]) as server:
        generator.set_targets(fox=over_tls(target_of(server), certificates))
        outcome = generator.slice("fox", rate_per_s=rate)
        assert outcome.errors == {}
        assert outcome.answered == outcome.connections_opened == server.requests > 0


@pytest.mark.parametrize("what", WRONG_ANSWERS)
def test_wrong_answers_are_counted_as_without_tls(
    generator: CheckedGenerator, certificates: Certificates, what: str
) -> None:
    kind, steps = WRONG[what]
    with tls_server(certificates, every_tenth(steps, answer())) as server:
        generator.set_targets(fox=over_tls(target_of(server), certificates))
        outcome = generator.slice("fox", connections=10, milliseconds=100)
        wrong = server.requests // 10
        assert outcome.errors == ({kind: wrong} if wrong else {})
        assert outcome.answered == server.requests - wrong


@pytest.mark.parametrize("way", [answer(LARGE_BODY), chunked(LARGE_BODY, 9999)], ids=["length", "chunked"])
def test_a_body_of_a_megabyte_is_verified(
    generator: CheckedGenerator, certificates: Certificates, way: bytes
) -> None:
    def script(number: int) -> list[Step]:
        return [way.replace(b"ABCDE", b"abcde", 1) if number % 5 == 0 else way]

    with tls_server(certificates, script) as server:
        generator.set_targets(fox=over_tls(target_of(server, body=LARGE_BODY), certificates))
        outcome = generator.slice("fox", connections=6, milliseconds=100)
        assert outcome.errors == {"body": server.requests // 5}
        assert outcome.answered == server.requests - server.requests // 5
        assert outcome.connections_opened == 6


@LOOPS
def test_a_request_of_megabytes_arrives_whole(
    generator: CheckedGenerator, certificates: Certificates, rate: float | None
) -> None:
    request = post(8 << 20)
    with tls_server(certificates, always(answer()), request) as server:
        generator.set_targets(fox=over_tls(target_of(server, method="POST", request=request), certificates))
        outcome = generator.slice("fox", connections=2, rate_per_s=rate)
        assert outcome.errors == {}
        assert outcome.answered == server.requests >= 2
        assert server.wrong_requests == 0


@LOOPS
def test_a_certificate_nobody_trusts_is_an_error_of_its_own(
    generator: CheckedGenerator,
    certificates: Certificates,
    other_certificates: Certificates,
    rate: float | None,
) -> None:
    with tls_server(certificates, always(answer())) as server:
        generator.set_targets(fox=over_tls(target_of(server), other_certificates))
        outcome = generator.slice("fox", connections=2, rate_per_s=rate)
        assert set(outcome.errors) == {"tls"}
        assert (outcome.answered, server.requests) == (0, 0)


@LOOPS
def test_a_certificate_of_another_name_is_an_error_of_its_own(
    generator: CheckedGenerator, other_certificates: Certificates, rate: float | None
) -> None:
    with tls_server(other_certificates, always(answer())) as server:
        generator.set_targets(fox=over_tls(target_of(server), other_certificates))
        outcome = generator.slice("fox", connections=2, rate_per_s=rate)
        assert set(outcome.errors) == {"tls"}
        assert (outcome.answered, server.requests) == (0, 0)


@LOOPS
def test_any_certificate_will_do_where_none_is_checked(
    generator: CheckedGenerator, other_certificates: Certificates, rate: float | None
) -> None:
    with tls_server(other_certificates, always(answer())) as server:
        generator.set_targets(fox=replace(target_of(server), tls=Tls("localhost", checked=False)))
        outcome = generator.slice("fox", rate_per_s=rate)
        assert outcome.errors == {}
        assert outcome.answered == server.requests > 0


def test_a_server_that_does_not_speak_tls_is_an_error_of_tls(
    generator: CheckedGenerator, certificates: Certificates
) -> None:
    with ScriptedServer(always(answer(), End.CLOSE), REQUEST, needed=10) as server:
        generator.set_targets(fox=over_tls(target_of(server), certificates))
        outcome = generator.slice("fox", connections=2)
        assert set(outcome.errors) <= {"tls", "reset"}
        assert outcome.errors["tls"] > 0
        assert outcome.answered == 0


@LOOPS
def test_nobody_listening_is_no_error_of_tls(
    generator: CheckedGenerator, certificates: Certificates, rate: float | None
) -> None:
    with nobody() as port:
        generator.set_targets(fox=over_tls(target_at(port), certificates))
        outcome = generator.slice("fox", rate_per_s=rate)
        assert set(outcome.errors) == {"connect"}
        assert (outcome.answered, outcome.connections_opened) == (0, 0)


@LOOPS
def test_a_handshake_that_never_ends_is_given_up(
    generator: CheckedGenerator, certificates: Certificates, rate: float | None
) -> None:
    with ScriptedServer(always(), REQUEST, needed=1 << 20) as server:
        generator.set_targets(fox=over_tls(target_of(server), certificates))
        outcome = generator.slice("fox", connections=2, timeout_ms=200, ramp_ms=0, rate_per_s=rate)
        assert outcome.errors == {"timeout": 2}
        assert outcome.answered == 0


def test_connections_closed_between_slices_are_opened_again(
    generator: CheckedGenerator, certificates: Certificates
) -> None:
    with tls_server(certificates, always(answer())) as server:
        generator.set_targets(fox=over_tls(target_of(server, body=BODY), certificates))
        first = generator.slice("fox")
        server.hang_up()
        second = generator.slice("fox", rate_per_s=2000)
        assert first.errors == second.errors == {}
        assert first.answered + second.answered == server.requests
        assert second.connections_opened == server.connections - 4 > 0
        assert arrivals_of(second).due == 120

import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.conductor.single_load.address import Address, address_of, is_loopback
from bench.errors import InputError

TABLE = """
127.0.0.1  localhost  shop.test   # ours
::1        localhost  ip6-localhost
192.0.2.7  elsewhere.test
127.0.0.1  both.test
192.0.2.7  both.test
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "hosts"
    path.write_text(TABLE)
    return path


@pytest.fixture
def nothing_is_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking the system to resolve a name may send packets."""

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a name was resolved")

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)


@pytest.mark.parametrize(
    ("url", "hosts", "port", "path", "authority"),
    [
        ("http://127.0.0.1:8000/json", ("127.0.0.1",), 8000, "/json", "127.0.0.1:8000"),
        ("http://127.0.0.1", ("127.0.0.1",), 80, "/", "127.0.0.1"),
        ("https://127.0.0.1/", ("127.0.0.1",), 443, "/", "127.0.0.1"),
        ("http://127.0.0.1:443/", ("127.0.0.1",), 443, "/", "127.0.0.1:443"),
        ("http://127.8.9.10:8000?a=1&b=%20", ("127.8.9.10",), 8000, "/?a=1&b=%20", "127.8.9.10:8000"),
        ("http://[::1]:8000/", ("::1",), 8000, "/", "[::1]:8000"),
        ("http://[0:0:0:0:0:0:0:1]:8000/", ("::1",), 8000, "/", "[0:0:0:0:0:0:0:1]:8000"),
        ("HTTP://LocalHost:8000/A", ("127.0.0.1", "::1"), 8000, "/A", "localhost:8000"),
        ("http://shop.test.:8000/", ("127.0.0.1",), 8000, "/", "shop.test:8000"),
        ("http://deep.localhost:8000/", ("127.0.0.1",), 8000, "/", "deep.localhost:8000"),
        ("http://127.0.0.1:8000/a#part", ("127.0.0.1",), 8000, "/a", "127.0.0.1:8000"),
        ("http://127.0.0.1:8000/caf\u00e9?\u00fc", ("127.0.0.1",), 8000, "/caf%C3%A9?%C3%BC",
         "127.0.0.1:8000"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("nothing_is_resolved")
def test_a_url_of_this_machine_leads_to_its_address(
    url: str, hosts: tuple[str, ...], port: int, path: str, authority: str, table: Path
) -> None:
    address = address_of(url, table=table)
    assert (address.hosts, address.port, address.path) == (hosts, port, path)
    assert address.authority == authority
    assert address.speaks_tls == url.startswith("https")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://elsewhere.test/",
        "http://both.test/",
        "http://192.0.2.7:8000/",
        "http://10.0.0.1/",
        "http://0.0.0.0:8000/",
        "http://[2001:db8::1]/",
        "http://[fe80::1%25eth0]/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://notlocalhost/",
        "http://shop.test.example.com/",
    ],
)
@pytest.mark.usefixtures("nothing_is_resolved")
def test_another_machine_is_refused_and_nothing_is_sent_to_find_that_out(url: str, table: Path) -> None:
    with pytest.raises(InputError, match="nothing was sent") as caught:
        address_of(url, table=table)
    assert "--allow-remote" in caught.value.remedy


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8000",
        "localhost/json",
        "//127.0.0.1/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "http:///json",
        "http://",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:65536/",
        "http://127.0.0.1:eighty/",
        "http://[::1/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nX-Header: smuggled",
        "http://127.0.0.1/\x00",
        "http://caf\u00e9.test/",
    ],
)
@pytest.mark.usefixtures("nothing_is_resolved")
def test_what_is_no_url_is_refused_with_a_remedy(url: str, table: Path) -> None:
    with pytest.raises(InputError) as caught:
        address_of(url, table=table)
    assert caught.value.remedy


@pytest.mark.usefixtures("nothing_is_resolved")
def test_a_password_in_a_url_is_refused_and_not_repeated(table: Path) -> None:
    with pytest.raises(InputError, match="password") as caught:
        address_of("http://me:sesame@127.0.0.1/", table=table)
    assert "sesame" not in str(caught.value)


def test_a_host_that_is_allowed_is_resolved_once(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def resolve(host: str, port: int, **options: object) -> list[tuple[object, ...]]:
        asked.append((host, port))
        return [(None, None, None, "", ("192.0.2.9", port)), (None, None, None, "", ("192.0.2.9", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    address = address_of("http://Example.com:8000/", ["example.COM."], table=table)
    assert address == Address(("192.0.2.9",), 8000, "example.com", "/", speaks_tls=False)
    assert asked == [("example.com", 8000)]


@pytest.mark.parametrize("allowed", ["192.0.2.7", "[2001:db8::1]", "2001:db8::1"])
def test_a_remote_address_may_be_allowed(allowed: str, table: Path) -> None:
    plain = allowed.strip("[]")
    url = f"http://[{plain}]/" if ":" in plain else f"http://{plain}/"
    assert address_of(url, [allowed], table=table).hosts == (plain,)


@pytest.mark.usefixtures("nothing_is_resolved")
def test_to_allow_one_host_allows_no_other(table: Path) -> None:
    with pytest.raises(InputError, match="nothing was sent"):
        address_of("http://example.org/", ["example.com", "org"], table=table)


def test_a_name_that_cannot_be_resolved_is_told(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(InputError, match=r"the address of shop\.invalid cannot be found"):
        address_of("http://shop.invalid/", ["shop.invalid"], table=table)


def test_without_a_table_of_hosts_localhost_is_still_this_machine(tmp_path: Path) -> None:
    assert address_of("http://localhost/", table=tmp_path / "none").hosts == ("127.0.0.1",)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_taken_exactly_where_it_is_of_loopback(host: object) -> None:
    try:
        address_of(f"http://{host}:8000/")
    except InputError:
        assert not str(host).startswith("127.")
    else:
        assert str(host).startswith("127.")


@given(st.text(max_size=40))
def test_whatever_stands_after_the_scheme_is_an_address_of_loopback_or_an_input_error(text: str) -> None:
    try:
        address = address_of(f"http://{text}")
    except InputError:
        return
    assert all(is_loopback(host) for host in address.hosts)
    assert address.path.isascii()
    assert not any(char.isspace() for char in address.path + address.authority)

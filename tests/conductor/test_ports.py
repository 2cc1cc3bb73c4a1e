"""Ports: who listens, and where it can be reached from."""

import os
import socket

import pytest

from bench.conductor.processes.ports import (
    free_port,
    is_loopback,
    listening_sockets,
    names_every_address,
    receiving_sockets,
    sockets_of,
)
from bench.errors import ServerFailed


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("0100007F", True),  # 127.0.0.1
        ("0200017F", True),  # 127.1.0.2
        ("00000000", False),  # every address
        ("0101A8C0", False),  # 192.168.1.1
        ("0000007E", False),  # 126.0.0.0
        ("00000000000000000000000001000000", True),  # ::1
        ("00000000000000000000000000000000", False),  # ::
        ("0000000000000000FFFF00000100007F", True),  # ::ffff:127.0.0.1
        ("0000000000000000FFFF00000101A8C0", False),  # ::ffff:192.168.1.1
        ("000080FE00000000FF005450B6AD1DFE", False),  # an address of a link
        ("B80D0120000000000000000000000 07F".replace(" ", "0"), False),  # 2001:db8:: ending in 7f
    ],
)
def test_an_address_is_on_loopback_or_not(address: str, loopback: bool) -> None:
    assert is_loopback(address) is loopback


def test_a_listening_socket_is_found_in_the_table_and_with_its_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = [one for one in listening_sockets() if one.port == port]
        assert [one.on_loopback for one in found] == [True]
        assert found[0].inode in sockets_of([os.getpid()])
        assert found[0].inode not in sockets_of([1, 2**22 + 1])
    assert [one for one in listening_sockets() if one.port == port] == []


def test_a_taken_port_is_refused_and_a_free_one_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(ServerFailed, match=f"port {port} on 127.0.0.1 is taken"):
            free_port(port, ())
    assert free_port(port, ()) == port
    assert free_port(None, {port}) != port


def test_a_port_is_free_only_where_it_is_at_every_address_that_is_needed() -> None:
    with socket.create_server(("127.0.0.3", 0)) as server:
        port = server.getsockname()[1]
        assert free_port(port, (), addresses=2) == port
        with pytest.raises(ServerFailed, match=f"port {port} on 127.0.0.3 is taken"):
            free_port(port, (), addresses=3)


def test_of_udp_sockets_that_is_found_whose_port_was_chosen_and_not_that_of_who_only_sends() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as receiver, socket.socket(type=socket.SOCK_DGRAM) as sender:
        receiver.bind(("127.0.0.1", free_port(None, ())))
        sender.sendto(b"", receiver.getsockname())
        ours = sockets_of([os.getpid()])
        found = [(one.port, one.on_loopback) for one in receiving_sockets() if one.inode in ours]
        assert found == [(receiver.getsockname()[1], True)]


@pytest.mark.parametrize(
    ("word", "every"),
    [
        ("0.0.0.0:8000", True),
        ("--listen=0.0.0.0:8000", True),
        ("tcp://0.0.0.0:8000", True),
        ("0.0.0.0", True),
        ("[::]:8000", True),
        (":8000", True),
        ("--bind=:8000", True),
        ("*:8000", True),
        ("127.0.0.1:8000", False),
        ("[::1]:8000", False),
        ("10.0.0.0.0:8000", False),
        ("--forwarded-allow-ips=0.0.0.0/0", False),
        ("app:app", False),
        ("localhost:8000", False),
        ("/srv/app:8000", False),
    ],
)
def test_a_word_by_which_a_server_listens_at_every_address_is_known(word: str, every: bool) -> None:
    assert names_every_address(word) is every

"""Expectations of which all but the last are wrong."""

from bench.load import ConnectionUser, Request


class Mistaken(ConnectionUser):
    requests = (
        Request("/error"),
        Request("/status", status=201),
        Request("/length", equals=b"four"),
        Request("/body", equals=b"FOX"),
        Request("/text", contains=["wolf"]),
        Request("/json", json_values={"$.a": 2}),
        Request("/hash", sha256="0" * 64),
        Request("/header", header_values={"Fox": "blue"}),
        Request("/right", contains=["ox"], weight=2),
    )

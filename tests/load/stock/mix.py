"""A closed loop with a mix of requests."""

from bench.load import ConnectionUser, Request


class Visitor(ConnectionUser):
    requests = (
        "/fox",
        Request("/echo", "POST", name="echo", json={"a": 1}, weight=3, json_values={"$.a": 1}),
        Request("/login", cookies={"session": "abc"}, equals=b"fox", header_values={"Fox": "red"}),
    )

"""A user who waits for an answer for longer than any test lasts."""

from bench.load import ConnectionUser


class Patient(ConnectionUser):
    requests = ("/stall",)
    response_timeout_s = 300

"""TLS: a certificate that is trusted, one that is not looked at, and one that nobody vouches for."""

import os

from bench.load import ConnectionUser


class Trusting(ConnectionUser):
    requests = ("/trusting",)
    authorities = os.environ["AUTHORITIES"]


class Careless(ConnectionUser):
    requests = ("/careless",)
    check_certificate = False


class Doubting(ConnectionUser):
    requests = ("/doubting",)

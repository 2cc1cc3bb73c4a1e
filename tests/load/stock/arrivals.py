"""An open loop: each user brings 200 arrivals a second, at random."""

from bench.load import ConnectionUser


class Arriving(ConnectionUser):
    requests = ("/fox",)
    rate_per_s = 200
    poisson = True
    connections = 16

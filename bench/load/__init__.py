"""The load generator: Locust decides who sends and when, one event loop a process does the sending.

Nothing else of the project is imported here but the histogram, so that any locustfile can use it:
`from bench.load import ConnectionUser`. Importing this package imports Locust, which patches the standard
library through gevent; no other process of the project does that.
"""

from bench.load.user import ConnectionUser

__all__ = ["ConnectionUser"]

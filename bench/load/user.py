"""The Locust user: one user is one connection."""

from typing import ClassVar

from gevent.event import Event
from locust import User, task


class ConnectionUser(User):
    """A Locust user that stands for one keep-alive connection.

    Locust's runner spawns and stops users as its shapes and options say. A user does not send by itself, as
    a greenlet switch a request is what makes stock users slow: it joins the crew, and the event loop has as
    many connections as the crew has members.
    """

    abstract = True
    crew: ClassVar[set["ConnectionUser"]] = set()

    @task
    def stay(self) -> None:
        """Be one of the crew until Locust stops this user."""
        self.crew.add(self)
        Event().wait()

    def on_stop(self) -> None:
        """Leave the crew."""
        self.crew.discard(self)

"""Two kinds of visitors of the example shop: an ordinary locustfile, which `locust -f` runs as well."""

from locust import FastHttpUser, HttpUser, between, task


class Visitor(FastHttpUser):
    """Looks around."""

    weight = 3
    wait_time = between(0.01, 0.05)

    def on_start(self) -> None:
        """Come in by the front door."""
        self.client.get("/")

    @task(3)
    def look_at_the_catalogue(self) -> None:
        """The page with all products."""
        self.client.get("/page")

    @task
    def look_at_a_product(self) -> None:
        """One product."""
        self.client.get("/sqlite/7", name="/sqlite/<number>")


class Customer(HttpUser):
    """Buys something, and looks at the total."""

    wait_time = between(0.05, 0.2)

    @task
    def order(self) -> None:
        """Two lanterns."""
        lines = [{"product": 3, "quantity": 2}]
        with self.client.post("/orders", json={"lines": lines}, catch_response=True) as answer:
            if answer.json().get("items") != 2:
                answer.failure("not what was ordered")

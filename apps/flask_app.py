"""The example Flask app: the kinds of answers people really serve, each under its own path.

`apps.flask_app:app` is the application. It has no session, no debug mode, no logging and no state, and
every process of it gives the same bytes. Errors are JSON, as in many an API.
"""

import time
from contextlib import closing
from typing import Any

from flask import Blueprint, Flask, Response, abort, render_template, request
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.wrappers import Response as WerkzeugResponse

from apps import content, database

shop = Blueprint("shop", __name__)


def create_app() -> Flask:
    """A new application with all routes."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = content.MOST_BODY_BYTES
    app.register_blueprint(shop)
    app.register_error_handler(HTTPException, answer_error)
    app.register_error_handler(RecursionError, answer_deep_nesting)
    return app


@shop.get("/")
def greet() -> Response:
    """Plain text: next to no application, so what is left is the framework."""
    return Response(content.GREETING, mimetype="text/plain")


@shop.get("/json")
def document() -> dict[str, Any]:
    """A JSON document of about a kilobyte, written anew for each request."""
    return content.DOCUMENT


@shop.get("/page")
def page() -> str:
    """An HTML page rendered by Jinja2: a table of 20 products."""
    return render_template("page.html", products=content.PRODUCTS)


@shop.get("/users/<int:number>")
def user(number: int) -> dict[str, Any]:
    """A JSON answer that depends on the path."""
    return content.user(number) or abort(404)


@shop.post("/orders")
def order() -> dict[str, int]:
    """What an order comes to: reads JSON, checks it, answers with JSON."""
    return content.order_total(request.get_json()) or abort(400)


@shop.get("/stream")
def stream() -> Response:
    """CSV of unknown length, sent line by line."""
    return Response(content.csv_lines(), mimetype="text/csv")


@shop.get("/work")
def work() -> dict[str, int]:
    """CPU work of `us` microseconds."""
    us = _asked_for("us", content.MOST_US)
    _spin(us * 1_000)
    return {"us": us}


@shop.get("/wait")
def wait() -> dict[str, int]:
    """A wait of `ms` milliseconds, as for a database or another service."""
    ms = _asked_for("ms", content.MOST_MS)
    time.sleep(ms / 1_000)
    return {"ms": ms}


@shop.get("/sqlite/<int:number>")
def product(number: int) -> dict[str, Any]:
    """A row looked up in SQLite."""
    with closing(database.connect()) as connection:
        found = database.find_product(connection, number)
    return found._asdict() if found else abort(404)


def answer_error(error: HTTPException) -> WerkzeugResponse:
    """The error as JSON, with the headers that belong to it (Allow, for one)."""
    response = error.get_response()
    response.set_data(b'{"error":"%s"}\n' % error.name.encode())
    response.content_type = "application/json"
    return response


def answer_deep_nesting(_error: RecursionError) -> WerkzeugResponse:
    """JSON nested too deeply to be read is the client's mistake, not ours."""
    return answer_error(BadRequest())


def _asked_for(name: str, most: int) -> int:
    number = content.whole_number(request.args.get(name), most)
    return abort(400) if number is None else number


def _spin(duration_ns: int) -> None:
    """Use this much CPU time; a noisy neighbour makes it take longer but not cost more."""
    end = time.thread_time_ns() + duration_ns
    while time.thread_time_ns() < end:
        pass


app = create_app()

"""Records the page anew for the floor, after its template changed: `python -m apps.record`."""

from pathlib import Path

from apps.flask_app import app


def main() -> None:
    """Write what the Flask app answers to `/page` to where the floor reads it."""
    answer = app.test_client().get("/page")
    (Path(__file__).parent / "recorded" / "page.html").write_bytes(answer.data)


if __name__ == "__main__":
    main()

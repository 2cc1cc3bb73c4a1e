"""A Flask app whose one view can be made slower by a known amount of CPU: turns of an empty loop.

Turns are counted, not timed: a neighbour makes them take longer, and does not make them fewer. All cost the
same, which those of a `range` would not: Python has its first 256 numbers ready, and makes the others.
"""

import os
from itertools import repeat
from operator import itemgetter
from typing import Any

from flask import Flask

TURNS = int(os.environ.get("TURNS", "0"))
PRODUCTS = [{"id": n, "name": f"product {n}", "price": n * 7919 % 10_007} for n in range(400)]

app = Flask(__name__)


@app.get("/")
def cheapest() -> dict[str, Any]:
    """The hundred cheapest products: some sorting, some JSON."""
    for _ in repeat(None, TURNS):
        pass
    return {"products": sorted(PRODUCTS, key=itemgetter("price"))[:100]}

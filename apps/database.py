"""The products in SQLite: for each request a connection of its own, as Flask's documentation has it.

The database is built once, in memory, and kept as the bytes of its file. Every connection starts from
those, so none is shared between threads or carried through a fork, and no file is left behind.
"""

import sqlite3
from contextlib import closing

from apps.content import PRODUCTS, Product


def _build() -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(
            "CREATE TABLE product (number INTEGER PRIMARY KEY, name TEXT NOT NULL,"
            " category TEXT NOT NULL, price_cents INTEGER NOT NULL, stock INTEGER NOT NULL)"
        )
        connection.executemany("INSERT INTO product VALUES (?, ?, ?, ?, ?)", PRODUCTS)
        connection.commit()
        return connection.serialize()


_DATABASE = _build()
_LARGEST_INTEGER = 2**63 - 1


def connect() -> sqlite3.Connection:
    """A fresh connection to the products; the caller closes it. What is written to it is lost."""
    connection = sqlite3.connect(":memory:")
    connection.deserialize(_DATABASE)
    return connection


def find_product(connection: sqlite3.Connection, number: int) -> Product | None:
    """The product of this number, or None where there is none."""
    if number > _LARGEST_INTEGER:  # SQLite has no such integer, so sqlite3 would raise OverflowError
        return None
    row = connection.execute(
        "SELECT number, name, category, price_cents, stock FROM product WHERE number = ?", (number,)
    ).fetchone()
    return None if row is None else Product._make(row)

"""What the example apps answer with: the shop's products, users and orders, as plain data.

The Flask app and the floor share it, so that they differ in the framework and not in the answers.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

GREETING = "Hello, world!\n"
MOST_US = 1_000_000
MOST_MS = 1_000
MOST_USERS = 1_000_000
MOST_LINES = 100
MOST_OF_ONE_PRODUCT = 1_000
MOST_BODY_BYTES = 64 * 1024


class Product(NamedTuple):
    """A product of the shop; its price in cents."""

    number: int
    name: str
    category: str
    price_cents: int
    stock: int

    @property
    def price(self) -> str:
        """The price as it is printed, such as `12.50`."""
        return f"{self.price_cents // 100}.{self.price_cents % 100:02d}"


PRODUCTS = (
    Product(1, "Fountain pen, fine nib", "Writing", 3450, 41),
    Product(2, "Fountain pen, broad nib", "Writing", 3450, 17),
    Product(3, "Ink, midnight blue, 50 ml", "Writing", 890, 230),
    Product(4, "Pencil 2B, box of 12", "Writing", 1120, 88),
    Product(5, "Pencil sharpener & case", "Writing", 640, 0),
    Product(6, 'Ruler, steel, 12"', "Drawing", 725, 54),
    Product(7, "Compass with extension bar", "Drawing", 2980, 9),
    Product(8, "Watercolours, 24 pans", "Drawing", 4895, 23),
    Product(9, "Brush set <soft>, 6 sizes", "Drawing", 2150, 36),
    Product(10, "Sketchbook A4, 120 g", "Paper", 1375, 142),
    Product(11, "Sketchbook A5, 120 g", "Paper", 975, 167),
    Product(12, "Squared notebook, 96 sheets", "Paper", 540, 410),
    Product(13, "Writing paper, laid, 50 sheets", "Paper", 1290, 61),
    Product(14, "Envelopes C6, lined, 25", "Paper", 830, 0),
    Product(15, "Bookbinder's linen thread", "Binding", 465, 75),
    Product(16, "Bone folder", "Binding", 690, 33),
    Product(17, "Awl with beech handle", "Binding", 1180, 12),
    Product(18, "Desk lamp, warm white", "Desk", 6990, 7),
    Product(19, "Letter tray, oak", "Desk", 4250, 15),
    Product(20, "Blotting pad, A2", "Desk", 1650, 28),
)

_BY_NUMBER = {product.number: product for product in PRODUCTS}
_FIRST_NAMES = ("Ada", "Bruno", "Chiara", "Dilan", "Elif", "Femi", "Greta")
_LAST_NAMES = (
    "Aalto",
    "Brandt",
    "Castillo",
    "Dvorak",
    "Eze",
    "Farkas",
    "Gupta",
    "Holm",
    "Ito",
    "Jansen",
    "Kaya",
)

DOCUMENT: dict[str, Any] = {
    "shop": {"name": "The Paper Lantern", "currency": "EUR", "opened": 1987, "delivers": True},
    "page": {"number": 1, "of": 2, "next": "/json?page=2", "previous": None},
    "products": [product._asdict() for product in PRODUCTS[:10]],
}


def user(number: int) -> dict[str, Any] | None:
    """The user of this number, or None where there is none."""
    if not 1 <= number <= MOST_USERS:
        return None
    first, last = _FIRST_NAMES[number % len(_FIRST_NAMES)], _LAST_NAMES[number % len(_LAST_NAMES)]
    return {"number": number, "name": f"{first} {last}", "since": 1987 + number % 38, "orders": number % 13}


def order_total(order: object) -> dict[str, int] | None:
    """What an order of `{"lines": [{"product": 3, "quantity": 2}]}` comes to, or None where it is not one."""
    lines = order.get("lines") if isinstance(order, dict) else None
    if not isinstance(lines, list) or not 1 <= len(lines) <= MOST_LINES:
        return None
    items = total_cents = 0
    for line in lines:
        ordered = _ordered(line)
        if ordered is None:
            return None
        product, quantity = ordered
        items += quantity
        total_cents += quantity * product.price_cents
    return {"lines": len(lines), "items": items, "total_cents": total_cents}


def _ordered(line: object) -> tuple[Product, int] | None:
    if not isinstance(line, dict):
        return None
    number, quantity = line.get("product"), line.get("quantity")
    # JSON's true would pass for 1 with isinstance, and 1.0 would find product 1.
    if type(number) is not int or type(quantity) is not int:
        return None
    product = _BY_NUMBER.get(number)
    return (product, quantity) if product and 1 <= quantity <= MOST_OF_ONE_PRODUCT else None


def csv_lines() -> Iterator[str]:
    """The price list as lines of CSV, one after the other: what `/stream` sends as one chunk each."""
    yield "number,category,price,stock\r\n"
    for product in PRODUCTS:
        yield f"{product.number},{product.category},{product.price},{product.stock}\r\n"


def whole_number(text: str | None, most: int) -> int | None:
    """The number written in plain digits, from 0 to `most`; None for anything else."""
    if text is None or len(text) > 9 or not (text.isascii() and text.isdecimal()):
        return None
    number = int(text)
    return number if number <= most else None

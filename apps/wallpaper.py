"""The shop's wallpaper, paper lanterns in rows: a picture large enough to tell who serves files well.

`python -m apps.wallpaper` draws it into the folder of static files, where scenarios ask for it; those that
do have this command as their `setup`. It is drawn in whole numbers only, so it is the same everywhere.
"""

import os
from collections.abc import Iterator
from pathlib import Path

FILE = Path(__file__).parent / "static" / "wallpaper.svg"

_COLUMNS, _ROWS = 20, 24
_WIDTH, _HEIGHT = 60, 80  # of what a lantern hangs in


def picture() -> bytes:
    """The picture: SVG of about 100 kB."""
    return "".join(_lines()).encode()


def draw(file: Path = FILE) -> None:
    """Write the picture, or leave the file alone where it is there: so it keeps its age, and its ETag."""
    drawn = picture()
    if file.is_file() and file.read_bytes() == drawn:
        return
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    unfinished.write_bytes(drawn)
    unfinished.replace(file)


def _lines() -> Iterator[str]:
    width, height = _COLUMNS * _WIDTH, _ROWS * _HEIGHT
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">\n'
    yield f'<rect width="{width}" height="{height}" fill="#fbf5e6"/>\n'
    for number in range(_COLUMNS * _ROWS):
        yield _lantern(number)
    yield "</svg>\n"


def _lantern(number: int) -> str:
    """One lantern: a cord, the paper, its ribs and a tassel, each a little different from the next."""
    row, column = divmod(number, _COLUMNS)
    left, top = column * _WIDTH + _WIDTH // 2, row * _HEIGHT
    radius, hue, tilt = 13 + number * 7 % 8, number * 47 % 360, number * 5 % 13 - 6
    return (
        f'<g transform="translate({left} {top}) rotate({tilt})" stroke="hsl({hue} 60% 35%)">'
        f'<path d="M0 0V{44 - radius}M0 {44 + radius}V{54 + radius}" stroke-width="2"/>'
        f'<circle cy="44" r="{radius}" fill="hsl({hue} 75% 65%)"/>'
        f'<path d="M-{radius - 3} 36H{radius - 3}M-{radius} 44H{radius}M-{radius - 3} 52H{radius - 3}"/>'
        "</g>\n"
    )


if __name__ == "__main__":
    draw()

import os
from pathlib import Path
from xml.etree import ElementTree

from apps import wallpaper


def test_the_wallpaper_is_a_picture_of_about_a_hundred_kilobytes() -> None:
    drawn = wallpaper.picture()
    assert 95_000 < len(drawn) < 105_000
    lanterns = [part for part in ElementTree.fromstring(drawn) if part.tag.endswith("}g")]
    assert len(lanterns) == 480


def test_it_is_drawn_into_the_folder_with_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "wallpaper.svg"
    file.write_text("of another version")
    wallpaper.draw(file)
    assert file.read_bytes() == wallpaper.picture()
    assert list(tmp_path.iterdir()) == [file]


def test_it_is_not_drawn_anew_where_it_is_there(tmp_path: Path) -> None:
    file = tmp_path / "wallpaper.svg"
    wallpaper.draw(file)
    os.utime(file, (1, 1))
    wallpaper.draw(file)
    assert file.stat().st_mtime == 1

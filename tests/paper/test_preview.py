from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from station_app.errors import Refused
from station_app.model import Person, Station
from station_app.paper import preview
from station_app.paper.badges import badge_sheet


@pytest.fixture
def two_pages(station: Station, person: Callable[..., Person], tmp_path: Path) -> Path:
    badge_sheet(station, [person(number, "赵丽") for number in range(11)], tmp_path / "two.pdf")
    return tmp_path / "two.pdf"


def test_pages_from_a_file_and_from_bytes(two_pages: Path) -> None:
    assert preview.count(two_pages) == 2
    first, second = preview.pages(two_pages, 100)
    assert (first.width, first.height) == (827, 1170)
    assert first.stride >= 3 * first.width
    assert len(first.rgb) == first.stride * first.height
    assert preview.pages(two_pages.read_bytes(), 100) == [first, second]
    assert preview.pages(two_pages, 100, only=[1]) == [second]


def test_red_comes_first(two_pages: Path, picture: Callable[[preview.Page], Image.Image]) -> None:
    [page] = preview.pages(two_pages, 150, only=[0])
    colours = {colour for _, colour in picture(page).getcolors(1 << 20) or []}
    assert (0x0E, 0x6B, 0x5E) in colours  # the brand's green
    assert (0x5E, 0x6B, 0x0E) not in colours


@pytest.mark.parametrize("content", [b"", b"not a PDF", b"%PDF-1.4\n"])
def test_what_is_no_pdf_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "odd.pdf"
    path.write_bytes(content)
    for pdf in (path, content, tmp_path / "absent.pdf"):
        with pytest.raises(Refused) as refusal:
            preview.pages(pdf, 100)
        assert refusal.value.word == "paper.unreadable"

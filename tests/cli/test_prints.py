"""The print room as commands: badges in every form, what waits, the poster, shelf labels, the sheet for a printer's offset."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from station_app import settings
from station_app.model import AssetKind
from station_app.paper import preview
from station_app.services import loans, preferences, stations, supplies
from tests.conftest import PASSWORD


def codes(pdf: Path, dpi: int = 200) -> list[str]:
    """What a scanner reads from every page, in the order of the pages."""
    found = []
    for page in preview.pages(pdf, dpi):
        image = Image.frombuffer("RGB", (page.width, page.height), page.rgb, "raw", "RGB", page.stride, 1)
        found += sorted(code.text for code in zxingcpp.read_barcodes(image) if code.valid)
    return found


def sizes(pdf: Path) -> set[tuple[int, int]]:
    """The sizes of its pages in mm."""
    return {(round(page.width / 100 * 25.4), round(page.height / 100 * 25.4)) for page in preview.pages(pdf, 100)}


def test_what_waits_is_printed_in_every_form_and_waits_until_it_is_said_to_be_out(
    ask: Callable[..., Any], refused: Callable[..., str], tmp_path: Path
) -> None:
    badges = [ask("badges", "issue", "--occupation", one)["badge"] for one in ("courier", "rider")]
    ask("badges", "printed", "--waiting")
    assert refused(2, "badges", "sheet", "--waiting", "--to", tmp_path / "none.pdf")
    waits = [ask("badges", "issue", "--occupation", "rider", "--person", badge["person_id"])["badge"] for badge in badges]
    wanted = sorted(badge["code"] for badge in waits)
    forms: list[tuple[list[object], int, tuple[int, int]]] = [
        ([], 1, (210, 297)), (["--back"], 2, (210, 297)), (["--single"], 2, (86, 54)), (["--single", "--back"], 4, (86, 54)),
        (["--label", 58], 2, (58, 40)), (["--label", 80], 2, (80, 40)),
    ]  # fmt: skip
    for number, (options, pages, size) in enumerate(forms):
        file = tmp_path / f"{number}.pdf"
        assert ask("badges", "sheet", "--waiting", *options, "--to", file) == {"file": str(file), "cards": 2, "pages": pages}
        assert preview.count(file) == pages
        assert sorted(codes(file, 300)) == wanted, options
        [(wide, high)] = sizes(file)
        assert abs(wide - size[0]) <= 1
        assert size[0] == 58 or size[0] == 80 or abs(high - size[1]) <= 1
    assert ask("badges", "printed", "--id", waits[0]["person_id"])["cards"] == 1
    assert ask("badges", "sheet", "--waiting", "--to", tmp_path / "rest.pdf")["cards"] == 1
    assert codes(tmp_path / "rest.pdf") == [waits[1]["code"]]
    assert ask("badges", "printed", "--waiting")["cards"] == 1
    assert refused(2, "badges", "sheet", "--waiting", "--to", tmp_path / "none.pdf")
    assert not (tmp_path / "none.pdf").exists()


@pytest.mark.parametrize(
    "args",
    [
        ("badges", "sheet", "--to", "x.pdf"), ("badges", "sheet", "--waiting", "--all", "--to", "x.pdf"), ("badges", "printed"),
        ("badges", "sheet", "--all", "--single", "--label", "58", "--to", "x.pdf"), ("badges", "printed", "--waiting", "--id", "1"),
        ("badges", "sheet", "--all", "--label", "70", "--to", "x.pdf"), ("supplies", "labels", "--item", "没有这样", "--to", "x.pdf"),
        ("badges", "calibrate", "--offset-mm", "9,0", "--to", "x.pdf"), ("badges", "poster"),
    ],
)  # fmt: skip
def test_what_cannot_be_printed_is_told(refused: Callable[..., str], tmp_path: Path, args: tuple[str, ...]) -> None:
    assert refused(2, *(tmp_path / one if one == "x.pdf" else one for one in args))
    assert not (tmp_path / "x.pdf").exists()


def test_the_colour_and_the_offset_of_the_print_room_are_those_of_the_command(
    ask: Callable[..., Any], folder: Path, tmp_path: Path
) -> None:
    def drawn(*options: object) -> bytes:
        ask("badges", "sheet", "--all", "--to", tmp_path / "one.pdf", *options)
        return bytes(preview.pages(tmp_path / "one.pdf", 60)[0].rgb)

    before = drawn()
    with closing(stations.open_station(folder, PASSWORD)) as db:
        preferences.change(db, settings.PRINT_OFFSET.name, "3,2")
    moved = drawn()
    assert moved != before
    assert moved == drawn("--offset-mm", "3,2")
    assert drawn("--offset-mm", "0,0") == before
    with closing(stations.open_station(folder, PASSWORD)) as db:
        preferences.change(db, settings.BADGE_COLOUR.name, "red")
    assert drawn("--offset-mm", "0,0") != before


def test_the_poster_and_the_sheet_for_the_offset(ask: Callable[..., Any], tmp_path: Path) -> None:
    assert ask("badges", "poster", "--to", tmp_path / "a.pdf")["pages"] == 1
    ask("badges", "poster", "--link", "https://example.org/ask", "--to", tmp_path / "b.pdf")
    [plain], [linked] = codes(tmp_path / "a.pdf"), codes(tmp_path / "b.pdf")
    assert linked == f"{plain}\nhttps://example.org/ask"
    assert ask("badges", "calibrate", "--to", tmp_path / "c.pdf")["pages"] == 2
    ask("badges", "calibrate", "--offset-mm", "2,-1", "--to", tmp_path / "d.pdf")
    assert preview.pages(tmp_path / "c.pdf", 60)[0].rgb != preview.pages(tmp_path / "d.pdf", 60)[0].rgb


def test_shelf_labels_of_all_and_of_some(ask: Callable[..., Any], folder: Path, tmp_path: Path) -> None:
    with closing(stations.open_station(folder, PASSWORD)) as db:
        names = [item.name for item in supplies.items(db)]
    every = ask("supplies", "labels", "--to", tmp_path / "all.pdf")
    assert every["labels"] == len(names) == len(set(codes(tmp_path / "all.pdf", 300)))
    some = ask("supplies", "labels", "--item", names[0], "--item", names[1], "--label", 58, "--to", tmp_path / "some.pdf")
    assert (some["labels"], some["pages"]) == (2, 2)
    read = codes(tmp_path / "some.pdf", 300)
    assert set(read) < set(codes(tmp_path / "all.pdf", 300))
    with closing(stations.open_station(folder, PASSWORD)) as db:  # what is printed is what a scan of the label finds
        assert [supplies.named(db, code).name for code in read] == names[:2]


def test_labels_of_what_is_lent_are_what_a_scan_lends_and_brings_back(ask: Callable[..., Any], folder: Path, tmp_path: Path) -> None:
    with closing(stations.open_station(folder, PASSWORD)) as db:
        made, _ = loans.add(db, "雨伞", AssetKind.UMBRELLA, 2)
        loans.add(db, "充电宝", AssetKind.POWER_BANK, 1)
    every = ask("loans", "labels", "--to", tmp_path / "all.pdf")
    assert every["labels"] == len(set(codes(tmp_path / "all.pdf", 300)))
    some = ask("loans", "labels", "--thing", f"雨伞 {made[1].number}", "--label", 80, "--to", tmp_path / "one.pdf")
    assert (some["labels"], some["pages"]) == (1, 1)
    [code] = codes(tmp_path / "one.pdf", 300)
    ask("loans", "lend", code)
    with closing(stations.open_station(folder, PASSWORD)) as db:
        assert loans.resolve(db, code).id == made[1].id
        assert loans.get(db, made[1].id).out == 1

"""Every printed sheet is rendered (pdftoppm and pypdfium2; 100, 150, 300 dpi) and read: all of it, turned, blurred, askew too."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import pytest
import zxingcpp
from PIL import Image, ImageFilter

from station_app.errors import UserMistake
from station_app.model import Consent, Occupation, Person, Station
from station_app.paper import badges, bars, posters, preview, thermal
from station_app.services.supplies import barcodes

Make = Callable[..., Person]
NAMES = ["李志强", "", "欧阳志强", "买买提·艾力", "𬭎㛃龑", "赵丽", "陈建平", "周凯", "", "Alexander Konstantinopolskiy", "王敏", "曾德娟"]
GOODS = [("矿泉水", "瓶", "6901234567892"), ("防暑包", "份", barcodes.own_code("a")), ("暖宝宝", "片", "YQ-A-0042")]


def by_poppler(pdf: Path, dpi: int) -> list[Image.Image]:
    """The pages as pdftoppm draws them."""
    if shutil.which("pdftoppm") is None:
        pytest.skip("NOT SHOWN: pdftoppm (poppler-utils) is not installed here")
    out = pdf.with_name(f"{pdf.stem}-{dpi}")
    subprocess.run(["pdftoppm", "-r", str(dpi), "-png", str(pdf), str(out)], check=True, capture_output=True, timeout=120)
    return [Image.open(file).convert("L") for file in sorted(out.parent.glob(f"{out.name}-*.png"))]


def by_pdfium(pdf: Path, dpi: int) -> list[Image.Image]:
    """The pages as the preview draws them."""
    return [Image.frombuffer("RGB", (p.width, p.height), p.rgb, "raw", "RGB", p.stride, 1).convert("L") for p in preview.pages(pdf, dpi)]


LEAST = {"label58": 300, "label80": 300, "strip": 300, "shelf": 150}
"""Dots to an inch from which bars are wider than dots; a thermal printer has its own, 203, and gets them whole."""
RENDERERS = {"pdftoppm": by_poppler, "pdfium": by_pdfium}


def texts(image: Image.Image) -> list[str]:
    return sorted(found.text for found in zxingcpp.read_barcodes(image) if found.valid)


def askew(image: Image.Image, share: float = 0.10) -> Image.Image:
    """As a camera sees a sheet that leans away: the upper edge is ``share`` shorter."""
    wide, high = image.size
    inset = wide * share / 2
    return image.transform(
        (wide, high), Image.Transform.QUAD, (-inset, 0, 0, high, wide, high, wide + inset, 0), Image.Resampling.BICUBIC, fillcolor=255
    )


def regulars() -> list[Person]:
    return [
        Person(
            id=f"p{number}", occupation=Occupation.RIDER, platform="", consent=Consent.STATION, registered_on="2026-03-02", name=name,
            card_number=f"{100_000 + number}", badge_code="".join(Random(number).choices("0123456789", k=22)),
        )
        for number, name in enumerate(NAMES)
    ]  # fmt: skip


@pytest.fixture
def people() -> list[Person]:
    return regulars()


def codes(people: list[Person]) -> list[str]:
    return sorted(one.badge_code for one in people)


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, list[str]]]:
    """Every kind of sheet with a code on it, and what is to be read off it; made once."""
    tmp_path, people = tmp_path_factory.mktemp("papers"), regulars()
    station = Station(
        id="s1", code="YQ", letter="A", name="马家湾暖心驿站", district_code="520999", district_name="云桥区",
        opens="08:00", closes="21:00", zone="Asia/Shanghai", phone="0851-2345 6789", sample=True,
    )  # fmt: skip
    made = {name: tmp_path / f"{name}.pdf" for name in ("sheet", "back", "single", "label58", "label80", "poster", "shelf", "strip")}
    badges.badge_sheet(station, people, made["sheet"])
    badges.badge_sheet(station, people, made["back"], back=True, look=badges.Look("blue"))
    badges.badge_cards(station, people, made["single"], back=True)
    thermal.badge_labels(station, people, made["label58"])
    thermal.badge_labels(station, people, made["label80"], wide=80)
    posters.ask_poster(station, made["poster"])
    posters.shelf_labels(GOODS, made["shelf"])
    thermal.shelf_strips(GOODS, made["strip"])
    goods = sorted(code for _, _, code in GOODS)
    said = {"poster": [posters.ask_text(station)], "shelf": goods, "strip": goods}
    return {name: (path, said.get(name, codes(people))) for name, path in made.items()}


@pytest.mark.parametrize("dpi", [100, 150, 300])
@pytest.mark.parametrize("renderer", RENDERERS)
def test_every_code_on_every_sheet_is_read(renderer: str, dpi: int, papers: dict[str, tuple[Path, list[str]]]) -> None:
    for name, (path, wanted) in papers.items():
        if dpi < LEAST.get(name, 100):
            continue
        pages = RENDERERS[renderer](path, dpi)
        found = sorted(text for page in pages for text in texts(page))
        assert found == wanted, f"{name} at {dpi} dpi by {renderer}"


def test_labels_are_read_at_the_dots_of_their_printer(papers: dict[str, tuple[Path, list[str]]]) -> None:
    """As the program sends them there: dot for dot."""
    for name in ("label58", "label80", "strip"):
        path, wanted = papers[name]
        assert sorted(text for page in by_pdfium(path, 203) for text in texts(page)) == wanted, name


def turned(image: Image.Image, angle: int) -> Image.Image:
    return image.rotate(angle, expand=True, fillcolor=255)


SPOILT: dict[str, Callable[[Image.Image], Image.Image]] = {
    **{f"turned {angle}": partial(turned, angle=angle) for angle in (7, 90, 173, 315)},
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(image.width / 210 * 0.28)),
    "askew": askew,
    "askew and turned": lambda image: askew(image).rotate(11, expand=True, fillcolor=255),
}


@pytest.mark.parametrize("spoilt", SPOILT)
@pytest.mark.parametrize("renderer", RENDERERS)
def test_badges_are_read_turned_blurred_and_askew(renderer: str, spoilt: str, papers: dict[str, tuple[Path, list[str]]]) -> None:
    path, wanted = papers["sheet"]
    for dpi in (150, 300):
        pages = [SPOILT[spoilt](page) for page in RENDERERS[renderer](path, dpi)]
        assert sorted(text for page in pages for text in texts(page)) == wanted, f"{spoilt} at {dpi} dpi"


BADGES = ("back", "single", "label58", "label80")
"""What bears badges beside the sheet; the other papers bear the poster's code and the bars of goods."""


@pytest.mark.parametrize("spoilt", ["turned 7", "turned 173", "blurred", "askew and turned"])
def test_every_other_paper_is_read_turned_blurred_and_askew_too(spoilt: str, papers: dict[str, tuple[Path, list[str]]]) -> None:
    """At the finest of the three, where a label's bars are wider than dots; blurred as far as badges are."""
    for name, (path, wanted) in papers.items():
        if name == "sheet" or (spoilt == "blurred" and name not in BADGES):
            continue
        found = []
        for page in by_pdfium(path, 300):
            poor = page.filter(ImageFilter.GaussianBlur(300 / 25.4 * 0.28)) if spoilt == "blurred" else SPOILT[spoilt](page)
            found += texts(poor)
        assert sorted(found) == wanted, f"{name} {spoilt}"


def test_a_sheet_that_is_blurred_beyond_reason_is_not_read(papers: dict[str, tuple[Path, list[str]]]) -> None:
    """The negative control: the eyes that read everything above do not see what is not there."""
    path, wanted = papers["sheet"]
    pages = [page.filter(ImageFilter.GaussianBlur(9)) for page in by_pdfium(path, 150)]
    assert sorted(text for page in pages for text in texts(page)) != wanted


def test_each_back_lies_behind_its_own_card(station: Station, person: Make, tmp_path: Path) -> None:
    """Turned over the long edge, left and right change places: a single card stands left in front and right behind."""
    target = tmp_path / "one.pdf"
    assert badges.badge_sheet(station, [person(1, "赵丽")], target, back=True) == 2
    front, back = by_pdfium(target, 100)
    half = front.width // 2
    inside = (round(24 / 25.4 * 100), round(16 / 25.4 * 100))
    bottom = round(60 / 25.4 * 100)

    def ink(image: Image.Image, left: int, right: int) -> bool:
        part = image.crop((left, inside[1], right, bottom)).point(lambda grey: 255 * (grey < 160))
        return part.getbbox() is not None

    assert ink(front, inside[0], half - 8)
    assert not ink(front, half + 8, front.width - inside[0])
    assert ink(back, half + 8, back.width - inside[0])
    assert not ink(back, inside[0], half - 8)


def test_a_reprint_bears_the_same_code(station: Station, people: list[Person], tmp_path: Path) -> None:
    seen = []
    for name in ("first", "again"):
        badges.badge_sheet(station, people, tmp_path / f"{name}.pdf")
        seen.append([texts(page) for page in by_pdfium(tmp_path / f"{name}.pdf", 150)])
    assert seen[0] == seen[1]


@pytest.mark.parametrize("language", ["zh", "en"], indirect=True)
def test_the_calibration_sheet_has_a_cross_where_it_says(language: str, station: Station, tmp_path: Path) -> None:
    for offset in ((0.0, 0.0), (2.0, -1.0)):
        assert badges.calibration_sheet(station, tmp_path / "c.pdf", offset_mm=offset) == 2
        for page in by_pdfium(tmp_path / "c.pdf", 254):
            x, y = round((badges.LEFT + offset[0]) * 10), round((badges.TOP + offset[1]) * 10)
            assert page.getpixel((x, y)) < 140
            assert page.getpixel((x + 3, y + 7)) > 200


@pytest.mark.parametrize("text", ["矿泉水", "", "x" * 25, "a\tb"])
def test_what_no_bar_code_can_say_is_refused(text: str) -> None:
    with pytest.raises(UserMistake):
        bars.bars(text)


def test_every_code_of_the_house_is_a_number_of_goods() -> None:
    assert all(bars.is_ean13(barcodes.own_code(one)) for one in map(str, range(200)))
    assert bars.bars(barcodes.own_code("a")).side == 95 + 22


@pytest.mark.parametrize("language", ["zh", "en"], indirect=True)
def test_a_poster_without_a_telephone_and_with_a_link(language: str, station: Station, tmp_path: Path) -> None:
    from dataclasses import replace

    quiet = replace(station, phone="")
    posters.ask_poster(quiet, tmp_path / "p.pdf", link="https://example.org/ask")
    [said] = texts(by_pdfium(tmp_path / "p.pdf", 150)[0])
    assert said.endswith("https://example.org/ask")
    assert station.phone not in said
    with pytest.raises(UserMistake):
        posters.ask_poster(station, tmp_path / "p.pdf", link="网" * 3)

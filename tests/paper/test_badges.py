from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from station_app.errors import Bug, Cancelled, EnvironmentFault, Refused, UserMistake
from station_app.model import Person, Station
from station_app.paper import badges, preview, qr

NAMES = [
    "李志强",
    "",
    "欧阳志强",
    "买买提·艾力",
    "𬭎㛃龑",
    "赵丽",
    "陈建平",
    "周凯",
    "",
    "Alexander Konstantinopolskiy",
]
LONG = "阿卜杜热合曼·麦麦提吐尔逊江·阿卜杜拉·买买提依明·吐尔逊尼亚孜"

Make = Callable[..., Person]
Read = Callable[[Image.Image], list[str]]
Show = Callable[[preview.Page], Image.Image]
Text = Callable[[Path], list[str]]


@pytest.fixture
def ten(person: Make) -> list[Person]:
    return [person(number, name) for number, name in enumerate(NAMES)]


@pytest.fixture
def sheet(station: Station, ten: list[Person], tmp_path: Path) -> Path:
    target = tmp_path / "badges.pdf"
    assert badges.badge_sheet(station, ten, target) == 1
    return target


@pytest.mark.parametrize("dpi", [100, 150, 300])
def test_every_badge_is_read_off_the_page(
    dpi: int, sheet: Path, ten: list[Person], codes_in: Read, picture: Show
) -> None:
    [page] = preview.pages(sheet, dpi)
    assert codes_in(picture(page)) == sorted(card.badge_code for card in ten)


def _turned(image: Image.Image) -> Image.Image:
    return image.rotate(17, expand=True, fillcolor="white")


def _upside_down(image: Image.Image) -> Image.Image:
    return image.rotate(180)


def _blurred(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(3))


@pytest.mark.parametrize("spoil", [_turned, _upside_down, _blurred])
def test_a_poor_scan_is_read_too(
    spoil: Callable[[Image.Image], Image.Image], sheet: Path, ten: list[Person], codes_in: Read, picture: Show
) -> None:
    [page] = preview.pages(sheet, 300)
    assert codes_in(spoil(picture(page))) == sorted(card.badge_code for card in ten)


def test_the_symbol_is_18_mm_with_its_quiet_zone_white(sheet: Path, picture: Show) -> None:
    dots = 600 / 25.4
    [page] = preview.pages(sheet, 600)
    edge = badges.CODE_BOX * qr.QUIET_ZONE / 29
    left, top = badges.LEFT + badges.PADDING, badges.TOP + 16.2
    # a millimetre more than the quiet zone on each side would touch the card's edge or its type
    box = [(left - edge) * dots, (top - edge) * dots, (left + 18.1 + edge) * dots, (top + 18.1 + edge) * dots]
    symbol = picture(page).crop(tuple(map(round, box))).convert("L").point(lambda grey: 255 * (grey < 128))
    dark = symbol.getbbox()
    assert dark is not None
    assert (dark[2] - dark[0]) / dots == pytest.approx(18.1, abs=0.1)
    assert (dark[3] - dark[1]) / dots == pytest.approx(18.1, abs=0.1)
    assert dark[0] / dots == pytest.approx(edge, abs=0.1)


def test_the_words_on_the_cards(sheet: Path, ten: list[Person], text_of: Text) -> None:
    [text] = text_of(sheet)
    for card in ten:
        assert card.card_number in text
        assert " ".join(card.badge_code[first : first + 4] for first in range(0, 22, 4)) in text
        if card.name:
            # a wrapped name is two lines of text
            assert card.name.replace(" ", "") in "".join(text.split())
        else:
            assert f"无名卡 {card.card_number}" in text
    for words in ("马家湾暖心驿站", "驿站卡", "办卡自愿 · 不办卡同样享受服务", "演示"):
        assert text.count(words) == 10


@pytest.mark.parametrize("language", ["en"], indirect=True)
def test_the_words_on_english_cards(sheet: Path, ten: list[Person], text_of: Text) -> None:
    [text] = text_of(sheet)
    assert text.count("Badge") >= 10
    assert text.count("SAMPLE") == 10
    assert f"Nameless badge {ten[1].card_number}" in text


def test_a_real_station_has_no_sample_mark(station: Station, ten: list[Person], tmp_path: Path, text_of: Text) -> None:
    badges.badge_sheet(replace(station, sample=False), ten, tmp_path / "real.pdf")
    assert "演示" not in text_of(tmp_path / "real.pdf")[0]


@pytest.mark.parametrize(("name", "character"), [("吉\U00020bb7", "\U00020bb7"), ("李😀", "😀")])
def test_a_character_the_font_lacks_stops_the_sheet(
    name: str, character: str, station: Station, person: Make, ten: list[Person], tmp_path: Path
) -> None:
    target = tmp_path / "badges.pdf"
    with pytest.raises(Refused) as refusal:
        badges.badge_sheet(station, [*ten, person(99, name)], target)
    assert refusal.value.word == "paper.missing_glyph"
    assert refusal.value.fields["name"] == name
    assert refusal.value.fields["character"] == character
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (10, 1), (11, 2), (25, 3)])
def test_ten_to_a_page(count: int, pages: int, station: Station, person: Make, tmp_path: Path, text_of: Text) -> None:
    target = tmp_path / "badges.pdf"
    cards = [person(number, "赵丽") for number in range(count)]
    assert badges.badge_sheet(station, cards, target) == pages
    texts = text_of(target)
    assert len(texts) == pages
    assert sum(text.count("赵丽") for text in texts) == count
    assert f"第 {pages} 页，共 {pages} 页" in texts[-1]


def test_a_long_name_is_wrapped_and_never_cut(station: Station, person: Make, tmp_path: Path, text_of: Text) -> None:
    badges.badge_sheet(station, [person(1, LONG)], tmp_path / "long.pdf")
    text = text_of(tmp_path / "long.pdf")[0]
    assert LONG not in text
    assert LONG in text.replace("\r\n", "")


def test_a_name_no_card_can_hold_is_refused(station: Station, person: Make, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refusal:
        badges.badge_sheet(station, [person(1, "长" * 400)], tmp_path / "long.pdf")
    assert refusal.value.word == "paper.too_long"


@pytest.mark.parametrize("offset", [(0, 0), (5, 5), (-5, -5)])
def test_crop_marks_stand_on_the_page_outside_the_cards(
    offset: tuple[float, float], station: Station, person: Make, tmp_path: Path, picture: Show
) -> None:
    badges.badge_sheet(station, [person(1, "赵丽")], tmp_path / "one.pdf", offset_mm=offset)
    [page] = preview.pages(tmp_path / "one.pdf", 254)  # ten dots a millimetre
    ink = picture(page).convert("L").point(lambda grey: 255 * (grey < 160))
    left, top, right, bottom = ink.getbbox() or (0, 0, 0, 0)
    # 2 columns of 85.6 and 5 rows of 54 in the middle of A4, marks from 2 to 6 mm outside
    assert left == pytest.approx((19.4 - 6 + offset[0]) * 10, abs=2)
    assert top == pytest.approx((13.5 - 6 + offset[1]) * 10, abs=2)
    assert right == pytest.approx((210 - 19.4 + 6 + offset[0]) * 10, abs=3)
    assert bottom == pytest.approx((297 - 13.5 + 6 + offset[1]) * 10, abs=3)
    inside = (
        round((19.4 + offset[0]) * 10),
        round((13.5 + 54 + offset[1]) * 10),
        round((19.4 + 171.2 + offset[0]) * 10),
    )
    # below the only card the block is blank: no mark reaches into it
    assert ink.crop((inside[0], inside[1], inside[2], inside[1] + 2000)).getbbox() is None


def test_an_offset_that_pushes_marks_off_the_paper_is_refused(
    station: Station, ten: list[Person], tmp_path: Path
) -> None:
    with pytest.raises(UserMistake) as mistake:
        badges.badge_sheet(station, ten, tmp_path / "badges.pdf", offset_mm=(0, -5.5))
    assert mistake.value.word == "paper.offset_too_large"


def test_ten_badges_are_a_small_file(sheet: Path) -> None:
    assert sheet.stat().st_size < 40_000  # 27 KB, most of it the glyphs


def test_progress_counts_and_cancelling_leaves_nothing(station: Station, ten: list[Person], tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    badges.badge_sheet(station, ten, tmp_path / "all.pdf", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 10) for done in range(1, 11)]

    def stop(done: int, total: int) -> None:
        if done == 3:
            raise Cancelled("jobs.cancelled")

    with pytest.raises(Cancelled):
        badges.badge_sheet(station, ten, tmp_path / "stopped.pdf", progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["all.pdf"]


def test_a_disk_that_refuses_leaves_the_old_sheet(
    sheet: Path, station: Station, person: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sheet.read_bytes()

    def held(self: Path, target: Path) -> None:
        raise PermissionError(13, "held by a viewer", str(target))

    monkeypatch.setattr(Path, "replace", held)
    with pytest.raises(EnvironmentFault) as fault:
        badges.badge_sheet(station, [person(1, "赵丽")], sheet)
    assert fault.value.word == "paper.cannot_write"
    assert sheet.read_bytes() == before
    assert list(sheet.parent.iterdir()) == [sheet]


def test_nobody_chosen_and_nobody_without_a_badge(station: Station, ten: list[Person], tmp_path: Path) -> None:
    with pytest.raises(UserMistake):
        badges.badge_sheet(station, [], tmp_path / "none.pdf")
    with pytest.raises(Bug):
        badges.badge_sheet(station, [replace(ten[0], badge_code="")], tmp_path / "none.pdf")

"""A day by photograph: pictures of a screen and of a printed sheet, in any order, blurred, doubled and missing."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from station_app.db import Database
from station_app.district import light as reading
from station_app.district import store
from station_app.errors import Refused
from station_app.model import Occupation
from station_app.paper import preview, qr, report
from station_app.services import exchange, reports, visits
from station_app.sync import beam, identity, light, outbox
from station_app.sync.opening import Opener
from tests.district.test_loop import a_day, answered, take

DAY = "2026-07-17"


def slanted(picture: Image.Image, strong: float = 1.0) -> Image.Image:
    """A picture photographed from the side: what is farther away is smaller, one edge lies in the shade, the lens is not sharp."""
    wide, high = picture.size
    across, down = 0.16 * strong / wide, 0.10 * strong / high
    sheet = Image.new("RGB", (wide + 160, high + 160), "#8a8378")
    sheet.paste(picture.convert("RGB"), (80, 80))
    shot = sheet.transform(sheet.size, Image.Transform.PERSPECTIVE, (1.22, 0.05 * strong, 0, 0.03 * strong, 1.22, 0, across, down),
                           Image.Resampling.BICUBIC, fillcolor="#8a8378")  # fmt: skip
    shade = Image.linear_gradient("L").resize(shot.size).point(lambda light: 255 - light // 3)
    return Image.composite(shot, Image.new("RGB", shot.size, "#1d1a16"), shade).filter(ImageFilter.GaussianBlur(0.9))


def photos(texts: list[str], folder: Path) -> list[Path]:
    """The codes as a telephone saves them: turned a little, unsharp, grey."""
    folder.mkdir()
    qr.write_pictures(texts, folder)
    made = []
    for number, file in enumerate(sorted(folder.glob("*.png"))):
        with Image.open(file) as picture:
            turned = picture.convert("RGB").rotate(3 - number % 7, Image.Resampling.BICUBIC, expand=True, fillcolor="#999999")
        made.append(file.with_suffix(".jpg"))
        turned.filter(ImageFilter.GaussianBlur(1)).save(made[-1], quality=80)
    return made


def test_a_day_crosses_on_the_screen_and_the_receipt_comes_back(
    station: Database, district: Database, stick: Path, opener: Opener, tmp_path: Path
) -> None:
    a_day(station)
    texts, _ = beam.codes(station)
    assert len(texts) > 2
    pictures = photos(texts, tmp_path / "photos")
    random.Random(len(texts)).shuffle(pictures)
    for picture in pictures[:-1]:
        seen = reading.read_picture(district, picture, opener)
        assert (seen.parts, seen.received) == (1, ())
    assert reading.read_picture(district, pictures[0], opener).parts == 0
    assert list(reading.waiting(district).values()) == [1]
    seen = reading.read_picture(district, pictures[-1], opener)
    assert [done.fresh for done in seen.received] == [1]
    assert reading.waiting(district) == {}
    assert answered(station, district, stick, opener).receipted == 1
    assert exchange.status(station).packed == 0


def test_the_same_pictures_again_change_nothing(
    station: Database, district: Database, stick: Path, opener: Opener, tmp_path: Path
) -> None:
    visits.tally(station, Occupation.RIDER, 3)
    pictures = photos(beam.codes(station)[0], tmp_path / "photos")
    first = [done for file in pictures for done in reading.read_picture(district, file, opener).received]
    again = [done for file in pictures for done in reading.read_picture(district, file, opener).received]
    assert [(done.fresh, done.known) for done in (*first, *again)] == [(1, 0), (0, 1)]
    assert take(district, outbox.export(station, stick)[0].path, opener).known == 1


def test_a_part_that_lies_is_forgotten_and_can_be_photographed_anew(
    station: Database, district: Database, opener: Opener, tmp_path: Path
) -> None:
    visits.tally(station, Occupation.RIDER, 3)
    texts, _ = beam.codes(station)
    part = light.read_part(texts[0])
    assert part is not None
    head = light.from_base45(texts[0])
    assert head is not None
    bent = light.base45(head[:-1] + bytes([head[-1] ^ 1]))
    *seen, last = [reading.read_picture(district, file, opener) for file in photos([bent, *texts[1:]], tmp_path / "bent")]
    assert all(not one.refused for one in seen)
    assert [word for word, _ in last.refused] == ["sync_files.damaged"]
    assert reading.waiting(district) == {}
    done = [one for file in photos(texts, tmp_path / "whole") for one in reading.read_picture(district, file, opener).received]
    assert [one.fresh for one in done] == [1]


def test_a_printed_day_is_read_from_a_photograph_and_held_against_the_batches(
    station: Database, district: Database, stick: Path, opener: Opener, tmp_path: Path
) -> None:
    a_day(station)
    figures = reports.period(station, DAY, DAY)
    sheet = tmp_path / "day.pdf"
    report.period_report(figures, sheet, place="驿站", printed_on=date(2026, 7, 17), code=beam.day_code(station, figures))
    [page] = preview.pages(sheet, 200)
    picture = Image.frombuffer("RGB", (page.width, page.height), page.rgb, "raw", "RGB", page.stride, 1)
    photo = tmp_path / "sheet.jpg"
    picture.rotate(4, Image.Resampling.BICUBIC, expand=True, fillcolor="white").filter(ImageFilter.GaussianBlur(0.8)).save(photo)
    [told] = reading.read_picture(district, photo, opener).sheets
    assert (told.person_times, told.handouts) == (figures.person_times, figures.handouts)
    [line] = reading.sheets(district, DAY, DAY)
    assert (line.station, line.merged, line.agrees) == ("YQ", 0, None)
    take(district, outbox.export(station, stick)[0].path, opener)
    [line] = reading.sheets(district, DAY, DAY)
    assert (line.merged, line.agrees) == (figures.person_times, True)
    visits.tally(station, Occupation.RIDER, 2)  # somebody writes more into a day whose sheet was signed
    take(district, outbox.export(station, stick)[0].path, opener)
    [line] = reading.sheets(district, DAY, DAY)
    assert line.agrees is False


@pytest.mark.parametrize("strong", [-1.0, 1.0])
def test_a_sheet_and_codes_photographed_from_the_side_are_read(
    station: Database, district: Database, opener: Opener, tmp_path: Path, strong: float
) -> None:
    a_day(station)
    figures = reports.period(station, DAY, DAY)
    sheet = tmp_path / "day.pdf"
    report.period_report(figures, sheet, place="驿站", printed_on=date(2026, 7, 17), code=beam.day_code(station, figures))
    [page] = preview.pages(sheet, 250)
    picture = Image.frombuffer("RGB", (page.width, page.height), page.rgb, "raw", "RGB", page.stride, 1)
    slanted(picture, strong).save(tmp_path / "sheet.jpg", quality=70)
    [told] = reading.read_picture(district, tmp_path / "sheet.jpg", opener).sheets
    assert told.person_times == figures.person_times
    codes = tmp_path / "codes"
    codes.mkdir()
    qr.write_pictures(beam.codes(station)[0], codes)
    done = []
    for file in sorted(codes.glob("*.png")):
        with Image.open(file) as code:
            slanted(code, strong).save(file.with_suffix(".jpg"), quality=70)
        done += reading.read_picture(district, file.with_suffix(".jpg"), opener).received
    assert [one.fresh for one in done] == [1]


def test_a_sheet_of_nobody_we_know_is_refused(station: Database, district: Database) -> None:
    a_day(station)
    text = beam.day_code(station, reports.period(station, DAY, DAY))
    stranger = identity.generate()
    told, _ = light.read_day(text, store.verify_keys(district))
    with pytest.raises(Refused) as refused:
        reading.keep_sheet(district, light.write_day(told, stranger.sign, stranger.public.verify_key))
    assert refused.value.word == "sync_files.unknown_station"
    assert reading.sheets(district, DAY, DAY) == []


def test_a_picture_without_a_code_says_so(district: Database, opener: Opener, tmp_path: Path) -> None:
    Image.new("RGB", (800, 600), "white").save(tmp_path / "white.png")
    with pytest.raises(Refused) as told:
        reading.read_picture(district, tmp_path / "white.png", opener)
    assert told.value.word == "sync_files.no_code"

"""A fictional station, its badges and a month of figures, and eyes to read paper with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
import zxingcpp
from PIL import Image
from pypdfium2 import PdfDocument

from station_app import words
from station_app.model import Amenity, Consent, Occupation, Person, Report, RequestState, Station
from station_app.paper.preview import Page


@pytest.fixture(autouse=True, params=["zh"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """Paper speaks the language of the process; a test may ask for both with an indirect parameter."""
    before = words.language()
    words.use(request.param)
    yield request.param
    words.use(before)


@pytest.fixture
def station() -> Station:
    return Station(
        id="s1", code="YQ", letter="A", name="马家湾暖心驿站", district_code="520999", district_name="云桥区",
        opens="08:00", closes="21:00", zone="Asia/Shanghai", phone="0851-2345 6789", sample=True,
    )  # fmt: skip


@pytest.fixture
def person() -> Callable[..., Person]:
    """Make a regular with a badge: ``person(7, "李志强")``."""

    def make(number: int, name: str) -> Person:
        digits = Random(number)
        return Person(
            id=f"p{number}", occupation=Occupation.RIDER, platform="", consent=Consent.STATION,
            registered_on="2026-03-02", name=name, card_number=f"{100_000 + number}",
            badge_code="".join(digits.choices("0123456789", k=22)),
        )  # fmt: skip

    return make


@pytest.fixture
def figures() -> Callable[..., Report]:
    """Make a report that adds up: ``figures("2026-07-01", "2026-07-31")``."""

    def make(first: str, last: str, *, items: int = 4, seed: int = 7) -> Report:
        draw = Random(seed)
        start, end = date.fromisoformat(first), date.fromisoformat(last)
        by_day = {str(start + timedelta(n)): draw.randint(0, 55) for n in range((end - start).days + 1)}
        visits = draw.choices(list(Occupation), k=sum(by_day.values()))
        hours = draw.choices(range(8, 21), k=len(visits))
        registered = {day: count // 2 for day, count in by_day.items()}
        known = sum(registered.values())
        return Report(
            first=first, last=last, person_times=len(visits), unique_people=known // 2, registered=known,
            anonymous=len(visits) - known, open_days=len(by_day), by_day=by_day,
            by_hour={hour: hours.count(hour) for hour in sorted(set(hours))},
            by_occupation={occupation: visits.count(occupation) for occupation in Occupation}, by_platform={},
            by_amenity={Amenity.WATER: 1_234, Amenity.REST: 66}, handouts={f"物资{n}": 10 + n for n in range(items)},
            balances={f"物资{n}": 100 - n for n in range(items)},
            requests={RequestState.RECORDED: 3, RequestState.CLOSED: 38}, registered_by_day=registered,
        )  # fmt: skip

    return make


@pytest.fixture
def text_of() -> Callable[[Path], list[str]]:
    """The text of each page, as a reader would copy it."""

    def read(path: Path) -> list[str]:
        document = PdfDocument(path)
        texts = []
        for page in document:
            text = page.get_textpage()
            texts.append(text.get_text_range())
            text.close()
            page.close()
        document.close()
        return texts

    return read


@pytest.fixture
def picture() -> Callable[[Page], Image.Image]:
    """A page as a picture."""

    def make(page: Page) -> Image.Image:
        return Image.frombuffer("RGB", (page.width, page.height), page.rgb, "raw", "RGB", page.stride, 1)

    return make


@pytest.fixture
def codes_in() -> Callable[[Image.Image], list[str]]:
    """The QR codes seen in a picture."""

    def read(image: Image.Image) -> list[str]:
        return sorted(found.text for found in zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode))

    return read

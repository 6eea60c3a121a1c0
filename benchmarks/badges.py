"""1,000 badges to PDF beside the same cards with their codes drawn in two usual ways: PNG by qrcode, and reportlab's own QR widget.

``python -m benchmarks.badges [CARDS [ROUNDS]]`` (1,000 and 3 without words) prints pages a second, bytes, and the ratios. All draw
whole cards, names, numbers and frames by the same functions, in turn; only the code differs. The **floor** is the same cards without
any code.
"""

from __future__ import annotations

import io
import statistics
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

from station_app.model import Consent, Occupation, Person, Station
from station_app.paper import badges, qr
from station_app.paper.pdf import Sheet

from .stores import Figure, timed

STATION = Station(
    id="s1", code="YQ", letter="A", name="云桥暖心驿站", district_code="990101", district_name="云桥区", opens="08:30", closes="17:30",
    zone="Asia/Shanghai", sample=True,
)  # fmt: skip
SURNAMES, NAMES = "李王张刘陈杨赵黄周吴", "伟芳娜敏静丽强磊军洋"
TEN = 10

Drawing = Callable[[Any, str, float, float, float], None]
"""Draws the code of a text on a canvas, into a square with its lower left corner at (x, y), in points."""


@dataclass(frozen=True)
class Told:
    """A code that is only its text: the way it is drawn makes the symbol."""

    text: str
    side: int = 29


def people(count: int) -> list[Person]:
    """Fictional regulars with badges."""
    draw = Random(7)
    return [
        Person(
            id=f"p{number}", occupation=Occupation.RIDER, platform="", consent=Consent.STATION, registered_on="2026-03-02",
            name=draw.choice(SURNAMES) + draw.choice(NAMES) + draw.choice(NAMES), card_number=f"{100_000 + number}",
            badge_code="".join(draw.choices("0123456789", k=22)),
        )
        for number in range(count)
    ]  # fmt: skip


def png(canvas: Any, text: str, x: float, y: float, side: float) -> None:
    """The usual recipe: qrcode draws a PNG, reportlab embeds it."""
    import qrcode
    from reportlab.lib.utils import ImageReader

    data = io.BytesIO()
    qrcode.make(text, error_correction=qrcode.ERROR_CORRECT_M).save(data)
    canvas.drawImage(ImageReader(data), x, y, side, side)


def widget(canvas: Any, text: str, x: float, y: float, side: float) -> None:
    """reportlab's QR widget."""
    from reportlab.graphics import renderPDF
    from reportlab.graphics.barcode.qr import QrCodeWidget
    from reportlab.graphics.shapes import Drawing

    drawing = Drawing(side, side)
    drawing.add(QrCodeWidget(text, barWidth=side, barHeight=side, barLevel="M"))
    renderPDF.draw(drawing, canvas, x, y)


def nothing(canvas: Any, text: str, x: float, y: float, side: float) -> None:
    """The cards alone."""


def sheet(cards: list[Person], target: Path, drawing: Drawing | None = None) -> None:
    """Whole cards, their codes drawn our way or another."""
    with ExitStack() as stack:
        if drawing is not None:
            stack.enter_context(mock.patch.object(qr, "matrix", Told))
            stack.enter_context(mock.patch.object(Sheet, "code", _by(drawing)))
        badges.badge_sheet(STATION, cards, target)


def _by(drawing: Drawing) -> Callable[[Sheet, Told, float, float, float], None]:
    def code(page: Sheet, told: Told, x: float, y: float, side: float) -> None:
        left, bottom = page._at(x, y + side)
        drawing(page._canvas, told.text, left, bottom, side * 72 / 25.4)

    return code


WAYS: dict[str, Drawing | None] = {"ours": None, "png": png, "widget": widget, "none": nothing}


def main(count: int = 1000, rounds: int = 3) -> list[Figure]:
    """Measure, print and return the rows of the table."""
    cards = people(count)
    times: dict[str, list[float]] = {name: [] for name in WAYS}
    sizes: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as place:
        for drawing in WAYS.values():  # imports and fonts are not what is measured
            sheet(cards[:TEN], Path(place) / "first.pdf", drawing)
        for _ in range(rounds):
            for name, drawing in WAYS.items():
                target = Path(place) / f"{name}.pdf"
                times[name].append(timed(lambda target=target, drawing=drawing: sheet(cards, target, drawing)))  # type: ignore[misc]
                sizes[name] = target.stat().st_size
    pages = -(-count // TEN)
    for name in WAYS:
        print(f"{name:8} {pages / statistics.median(times[name]):8.1f} pages/s {sizes[name]:10,} bytes")

    def faster(name: str) -> float:
        return statistics.median(theirs / own for theirs, own in zip(times[name], times["ours"], strict=True))

    speed, large = pages / statistics.median(times["ours"]), sizes["png"] / sizes["ours"]
    told = f"{speed:.1f} pages/s, {sizes['ours']:,} bytes"
    return [
        Figure(f"{count:,} badges beside PNG codes", told, f"{faster('png'):.1f}x as fast", ">= 2.5x", faster("png") >= 2.5),
        Figure(
            f"{count:,} badges beside reportlab's QR widget", told,
            f"{faster('widget'):.1f}x as fast, {sizes['widget'] / sizes['ours']:.1f}x smaller", ">= 4x", faster("widget") >= 4,
        ),
        Figure(f"{count:,} badges, bytes beside PNG codes", told, f"1/{large:.1f}", "<= 1/8", large >= 8),
        Figure(f"{count:,} badges, floor: the cards without codes", told, f"{1 / faster('none'):.1f}x the time"),
    ]  # fmt: skip


if __name__ == "__main__":
    print(*main(*map(int, sys.argv[1:3])), sep="\n")

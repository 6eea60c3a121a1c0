"""1,000 badges to PDF beside two floors, in turn: PNG codes embedded by reportlab, and reportlab's own QR widget.

``python -m benchmarks.badges [--cards 1000] [--rounds 3]`` prints pages a second, bytes, and the ratios to each floor. The floors draw
the codes alone; "ours" draws the whole cards, names and numbers included, "again" with the masks kept, "codes" just the codes.
"""

from __future__ import annotations

import argparse
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from station_app.model import Consent, Occupation, Person, Station
from station_app.paper import badges, qr

STATION = Station(
    id="s1", code="YQ", letter="A", name="云桥暖心驿站", district_code="990101", district_name="云桥区", opens="08:30", closes="17:30",
    zone="Asia/Shanghai", sample=True,
)  # fmt: skip
SURNAMES, NAMES = "李王张刘陈杨赵黄周吴", "伟芳娜敏静丽强磊军洋"
TEN = 10
MASKS: dict[str, int] = {}


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


def ours(cards: list[Person], target: Path) -> None:
    """Whole cards, codes as vector paths."""
    badges.badge_sheet(STATION, cards, target)


def codes(cards: list[Person], target: Path) -> None:
    """The codes alone, as ours are drawn: what the floors do."""
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(target), pageCompression=1)
    for place, card in enumerate(cards):
        if place and place % TEN == 0:
            canvas.showPage()
        qr.draw(canvas, qr.matrix(card.badge_code), 60 + place % 2 * 240, 60 + place % TEN // 2 * 150, 71)
    canvas.save()


def again(cards: list[Person], target: Path) -> None:
    """Whole cards printed once more: their masks are known."""
    badges.badge_sheet(STATION, cards, target, masks=MASKS)


def png(cards: list[Person], target: Path) -> None:
    """The codes alone, as the usual recipe has it: qrcode draws a PNG, reportlab embeds it."""
    import qrcode
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(target), pageCompression=1)
    for place, card in enumerate(cards):
        if place and place % TEN == 0:
            canvas.showPage()
        data = io.BytesIO()
        qrcode.make(card.badge_code).save(data)
        canvas.drawImage(ImageReader(data), 60 + place % 2 * 240, 60 + place % TEN // 2 * 150, 71, 71)
    canvas.save()


def widget(cards: list[Person], target: Path) -> None:
    """The codes alone by reportlab's QR widget."""
    from reportlab.graphics import renderPDF
    from reportlab.graphics.barcode.qr import QrCodeWidget
    from reportlab.graphics.shapes import Drawing
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(target), pageCompression=1)
    for place, card in enumerate(cards):
        if place and place % TEN == 0:
            canvas.showPage()
        drawing = Drawing(71, 71)
        drawing.add(QrCodeWidget(card.badge_code, barWidth=71, barHeight=71))
        renderPDF.draw(drawing, canvas, 60 + place % 2 * 240, 60 + place % TEN // 2 * 150)
    canvas.save()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cards", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    cards = people(asked.cards)
    ways: dict[str, Callable[[list[Person], Path], None]] = {
        "ours": ours, "again": again, "codes": codes, "png": png, "widget": widget,
    }  # fmt: skip
    times: dict[str, list[float]] = {name: [] for name in ways}
    sizes: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as place:
        for name, draw in ways.items():  # imports and fonts are not what is measured
            draw(cards[:TEN], Path(place) / f"{name}.pdf")
        for _ in range(asked.rounds):
            for name, draw in ways.items():
                target = Path(place) / f"{name}.pdf"
                began = time.perf_counter()
                draw(cards, target)
                times[name].append(time.perf_counter() - began)
                sizes[name] = target.stat().st_size
    pages = -(-len(cards) // TEN)
    for name in ways:
        print(f"{name:8} {pages / statistics.median(times[name]):8.1f} pages/s {sizes[name]:10,} bytes")
    for name in ("ours", "again", "codes"):
        for floor in ("png", "widget"):
            ratio = statistics.median(theirs / own for theirs, own in zip(times[floor], times[name], strict=True))
            print(f"{name} is {ratio:.2f} times as fast as {floor}, {floor}'s file is {sizes[floor] / sizes[name]:.2f} times as large")


if __name__ == "__main__":
    main()

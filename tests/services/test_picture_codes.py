"""Codes found in photographs: straight, turned, in a corner of a large picture; a picture without any has none."""

from __future__ import annotations

import io
from random import Random

import pytest
from PIL import Image, ImageFilter

from station_app.errors import Refused
from station_app.paper import qr
from station_app.services import pictures
from station_app.sync import light


def drawn(text: str, module: int = 6) -> Image.Image:
    code = qr.matrix(text)
    small = Image.new("L", (code.side, code.side), 255)
    for row, first, length in qr.runs(code):
        small.paste(0, (4 + first, 4 + row, 4 + first + length, 5 + row))
    return small.resize((code.side * module,) * 2, Image.Resampling.NEAREST)


def photo(*texts: str, turned: float = 0, size: tuple[int, int] = (4000, 3000)) -> bytes:
    """A telephone's picture of codes, one after the other from the left, a little unsharp."""
    scene = Image.new("L", size, 170)
    for place, text in enumerate(texts):
        code = drawn(text, 9).rotate(turned, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
        scene.paste(code, (200 + place * 1_300, 700))
    out = io.BytesIO()
    scene.convert("RGB").filter(ImageFilter.GaussianBlur(1.5)).save(out, "JPEG", quality=80)
    return out.getvalue()


@pytest.mark.parametrize("turned", [0, 8, 90, 180])
def test_codes_are_found_however_the_telephone_was_held(turned: float) -> None:
    texts = light.split(Random(3).randbytes(2 * light.PART_BYTES))
    assert sorted(pictures.codes(photo(*texts, turned=turned))) == sorted(texts)


def test_a_picture_without_codes_has_none() -> None:
    assert pictures.codes(photo()) == []


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(Refused):
        pictures.codes(b"%PDF-1.7 " + bytes(100))
    with pytest.raises(Refused):
        pictures.codes(photo()[:900])

from __future__ import annotations

import pytest
import zxingcpp
from PIL import Image

from station_app.paper import qr

DIGITS = "1520304123456781234567"


def _decoded(code: qr.Code) -> zxingcpp.Barcode:
    image = Image.new("L", (code.side, code.side), 255)
    for row, column, length in qr.runs(code):
        image.paste(
            0, (column + qr.QUIET_ZONE, row + qr.QUIET_ZONE, column + length + qr.QUIET_ZONE, row + qr.QUIET_ZONE + 1)
        )
    found = zxingcpp.read_barcode(image.resize((code.side * 4, code.side * 4), Image.Resampling.NEAREST))
    assert found is not None
    return found


def test_a_badge_fits_the_smallest_symbol_at_level_m() -> None:
    code = qr.matrix(DIGITS)
    assert len(code.modules) == 21
    assert code.side == 29
    found = _decoded(code)
    assert found.text == DIGITS
    assert found.ec_level == "M"


@pytest.mark.parametrize("digits", [DIGITS, "0", "12", "0990101" + "7" * 15, "1234567890" * 13])
def test_two_libraries_draw_the_same_symbol(digits: str) -> None:
    """Digits come from zxing-cpp, and with a mask given from qrcode: the codes on cards handed out before stay as they are."""
    code = qr.matrix(digits)
    assert qr.matrix(digits, mask=code.mask) == code
    assert _decoded(code).text == digits


@pytest.mark.parametrize("mask", range(8))
def test_every_mask_is_read(mask: int) -> None:
    code = qr.matrix(DIGITS, mask=mask)
    assert code.mask == mask
    assert _decoded(code).text == DIGITS


def test_runs_cover_each_dark_module_once() -> None:
    code = qr.matrix(DIGITS)
    covered = [(row, column + step) for row, column, length in qr.runs(code) for step in range(length)]
    dark = [
        (row, column) for row, modules in enumerate(code.modules) for column, module in enumerate(modules) if module
    ]
    assert covered == dark


def test_words_are_read_too() -> None:
    assert _decoded(qr.matrix("驿站卡 YQ-A-2026-0112")).text == "驿站卡 YQ-A-2026-0112"

"""Pictures made fit to keep: told by their content, bounded before they are decoded, drawn anew without anything hidden in them.

``prepare`` decodes and so belongs into the worker that may die (``sync/opening.py``); ``check`` only walks the lengths of what
``prepare`` made and holds both sides to it: no place, no camera, no comment, nothing behind the picture. No database, no Qt.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from ..errors import Bug, Refused, UserMistake

if TYPE_CHECKING:
    from PIL.Image import Image

LARGEST_FILE = 32 * 1024 * 1024
"""Bytes of a picture as it is brought; a larger one is not read."""
EDGE = 1600
"""Pixels of the longer side at most (DECISIONS.md 9)."""
LARGEST = 300 * 1024
"""Bytes of a picture as it is kept at most (DECISIONS.md 9)."""
CODE_EDGE = 4000
"""Pixels of the longer side at which codes are looked for: a telephone's whole picture."""
MOST_PIXELS = {"JPEG": 64_000_000, "PNG": 24_000_000, "WEBP": 24_000_000}
"""JPEG is decoded at a half, a quarter or an eighth of its size; the others only whole."""

BROKEN = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, ArithmeticError, struct.error)
"""What Pillow raises for files that are not what they say."""
Box = tuple[int, int, int, int]
"""A part of a picture: left, top, width and height in pixels of the picture as it is kept."""
GRAINS = 6
"""Into so many grains the longer side of a covered part is divided at most: a face or a number plate is none any more."""
GRAIN = 16
"""Pixels of a grain at least."""
T = TypeVar("T")
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")
_EDGES = (EDGE, 1280, 1024, 800, 640, 480)
_QUALITIES = (85, 78, 70, 60, 50)


def kind(data: bytes) -> str:
    """What a picture is ("JPEG", "PNG", "WEBP") by its first bytes, whatever the file is called; Refused for anything else."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF:
        raise Refused("pictures.heic")
    raise Refused("pictures.other_kind")


def prepare(data: bytes) -> bytes:
    """A picture as JPEG of at most ``EDGE`` pixels and ``LARGEST`` bytes, upright, with no metadata whatsoever.

    Raises Refused: ``pictures.other_kind``, ``heic``, ``too_big``, ``too_many_pixels``, ``animated``, ``damaged``.
    """
    return _decoded(data, lambda picture, found: _encoded(_drawn(picture, found)))


def codes(data: bytes) -> list[str]:
    """The texts of the QR codes in a photograph, in the order they are found. Raises Refused as ``prepare``."""
    return _decoded(data, lambda picture, _found: _texts(picture))


def cover(jpeg: bytes, boxes: Sequence[Box]) -> bytes:
    """A picture that ``prepare`` made, drawn anew with these parts in coarse grains; what was there is nowhere in the bytes.

    Raises UserMistake ``pictures.no_part`` for a part that holds no pixel of the picture, Refused as ``check``.
    """
    check(jpeg)
    return _decoded(jpeg, lambda picture, _found: _encoded(_covered(picture, boxes))) if boxes else jpeg


def _covered(picture: Image, boxes: Sequence[Box]) -> Image:
    from PIL import Image

    plain = picture.convert("RGB")
    for left, top, width, height in boxes:
        edges = (max(left, 0), max(top, 0), min(left + width, plain.width), min(top + height, plain.height))
        size = edges[2] - edges[0], edges[3] - edges[1]
        if min(size) < 1:
            raise UserMistake("pictures.no_part", width=plain.width, height=plain.height)
        grain = max(GRAIN, -(-max(size) // GRAINS))
        grains = max(size[0] // grain, 1), max(size[1] // grain, 1)
        coarse = plain.crop(edges).resize(grains, Image.Resampling.BOX)
        plain.paste(coarse.resize(size, Image.Resampling.NEAREST), edges[:2])
    return plain


def codes_seen(grey: bytes, wide: int, high: int, stride: int) -> list[str]:
    """The texts of the codes before a camera: QR and those on packages. ``grey``: one byte a pixel, ``stride`` bytes a line.

    A frame of our own camera is no stranger's file, so this needs no worker.
    """
    import zxingcpp
    from PIL import Image

    wanted = zxingcpp.BarcodeFormat
    formats = zxingcpp.BarcodeFormats([wanted.QRCode, wanted.EAN13, wanted.EAN8, wanted.UPCA, wanted.ITF14])
    picture = Image.frombuffer("L", (wide, high), grey, "raw", "L", stride, 1)
    return [found.text for found in zxingcpp.read_barcodes(picture, formats=formats) if found.valid]


def _texts(picture: Image) -> list[str]:
    import zxingcpp

    picture.draft("L", (CODE_EDGE, CODE_EDGE))
    grey = picture.convert("L")
    grey.thumbnail((CODE_EDGE, CODE_EDGE))
    wanted = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    return [found.text for found in zxingcpp.read_barcodes(grey, formats=wanted) if found.valid]


def _decoded(data: bytes, work: Callable[[Image, str], T]) -> T:
    """What ``work`` makes of a picture and its kind, with every bound held while it is decoded."""
    from PIL import Image

    if len(data) > LARGEST_FILE:
        raise Refused("pictures.too_big", most=LARGEST_FILE // 1024**2)
    found = kind(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's words about metadata that goes anyway
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=(found,)) as picture:
                if picture.size[0] * picture.size[1] > MOST_PIXELS[found]:
                    raise Refused("pictures.too_many_pixels", most=MOST_PIXELS[found] // 1_000_000)
                return work(picture, found)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise Refused("pictures.too_many_pixels", most=MOST_PIXELS[found] // 1_000_000) from None
    except BROKEN:
        raise Refused("pictures.damaged") from None


def _drawn(picture: Image, found: str) -> Image:
    """The pixels alone: small enough, upright, on white where they were transparent."""
    from PIL import Image, ImageOps

    if found != "JPEG" and getattr(picture, "is_animated", False):
        raise Refused("pictures.animated")
    if picture.mode.startswith("I"):  # 16 bits of grey would be cut off at 255, not scaled
        picture = picture.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    if picture.mode not in ("RGB", "L", "CMYK", "RGBA"):
        picture = picture.convert("RGBA" if picture.mode in ("P", "LA", "PA") else "RGB")
    picture.thumbnail((EDGE, EDGE), Image.Resampling.LANCZOS, reducing_gap=1.0)
    picture = ImageOps.exif_transpose(picture)
    plain = Image.new("RGB", picture.size, "white")
    plain.paste(picture, mask=picture if picture.mode == "RGBA" else None)
    return plain


def _encoded(picture: Image) -> bytes:
    """As JPEG, with as much quality as the bytes allow; the size goes down only when no quality is low enough."""
    for edge in _EDGES:
        picture.thumbnail((edge, edge))
        for quality in _QUALITIES:
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=quality, optimize=True)
            if len(out.getbuffer()) <= LARGEST:
                return out.getvalue()
    raise Bug("a picture of 480 pixels that does not fit")


_START, _END, _SCAN, _SOF0 = 0xD8, 0xD9, 0xDA, 0xC0
_ALLOWED = frozenset({0xE0, 0xDB, 0xC0, 0xC4, 0xDD})
"""JFIF's own head, tables and the frame of a baseline picture: all that ``prepare`` writes before the scan."""


def check(jpeg: bytes) -> None:
    """Raise Refused ``pictures.not_prepared`` unless this is a JPEG as ``prepare`` writes it; nothing is decoded."""
    if len(jpeg) > LARGEST or not jpeg.startswith(bytes((0xFF, _START))) or not _is_plain(jpeg):
        raise Refused("pictures.not_prepared")


def _is_plain(jpeg: bytes) -> bool:
    at, sized = 2, False
    while at + 4 <= len(jpeg):
        mark, code, length = struct.unpack_from(">BBH", jpeg, at)
        if mark != 0xFF or length < 2:
            return False
        if code == _SCAN:
            # inside a scan 0xFF is followed by 0 or a restart mark, so the first end is the end
            return sized and jpeg.find(bytes((0xFF, _END)), at) == len(jpeg) - 2
        if code not in _ALLOWED:
            return False
        if code == _SOF0:
            down, across = struct.unpack_from(">HH", jpeg.ljust(at + 9, b"\0"), at + 5)
            sized = 0 < down <= EDGE and 0 < across <= EDGE
        at += 2 + length
    return False

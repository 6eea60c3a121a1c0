"""Pictures that tests bring: a phone's, with everything hidden in it that must not stay; and what only claims to be one."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from typing import Any

PLANTED = b"PLANTED-CAMERA-OF-LIZHIQIANG"
"""Stands in the metadata of ``phone``: where it turns up again, metadata was kept."""
RED, BLUE = (200, 30, 30), (30, 30, 200)


def drawn(size: tuple[int, int] = (640, 480)) -> Any:
    """A picture whose upper half is red, the lower blue."""
    from PIL import Image

    made = Image.new("RGB", size, BLUE)
    made.paste(RED, (0, 0, size[0], size[1] // 2))
    return made


@cache
def phone(across: int = 640, down: int = 480, orientation: int = 1) -> bytes:
    """A JPEG as a phone makes it: with the place, the maker, a comment, a colour profile and another file behind it."""
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = PLANTED.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (26.0, 34.0, 12.0), 3: "E", 4: (106.0, 42.0, 30.0), 29: PLANTED.decode()})
    out = io.BytesIO()
    drawn((across, down)).save(out, "JPEG", quality=92, exif=exif, comment=PLANTED, icc_profile=b"\0" * 128 + PLANTED)
    return out.getvalue() + b"PK\x03\x04" + PLANTED


@cache
def saved(kind: str, **more: Any) -> bytes:
    """The same picture as a file of another kind."""
    out = io.BytesIO()
    drawn().save(out, kind, **more)
    return out.getvalue()


def animated(kind: str) -> bytes:
    """Two pictures that move."""
    from PIL import Image

    out = io.BytesIO()
    drawn().save(out, kind, save_all=True, append_images=[Image.new("RGB", (640, 480), RED)], duration=100)
    return out.getvalue()


def bomb(across: int, down: int) -> bytes:
    """A PNG of so many black pixels in next to no bytes."""

    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    squeezed = zlib.compressobj(9)
    row = bytes(1 + across)
    body = b"".join(squeezed.compress(row) for _ in range(min(down, 4000))) + squeezed.flush()
    head = struct.pack(">IIBBBBB", across, down, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", body) + part(b"IEND", b"")

"""Pictures made fit to keep: small, upright, with nothing hidden in them; what only looks like one is refused in one sentence."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from station_app.errors import Refused, UserMistake
from station_app.services import pictures
from station_app.words import t
from tests.pictures import BLUE, PLANTED, RED, animated, bomb, drawn, phone, saved


def opened(jpeg: bytes) -> Image.Image:
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as found:
        found.load()
        return found


def near(pixel: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(got - meant) < 25 for got, meant in zip(pixel, colour, strict=True))


def word(data: bytes) -> str:
    with pytest.raises(Refused) as refusal:
        pictures.prepare(data)
    assert t(refusal.value.word, **{"name": "x.jpg", **refusal.value.fields})
    return refusal.value.word


def test_nothing_that_was_hidden_in_a_picture_stays() -> None:
    brought = phone()
    assert brought.count(PLANTED) >= 4  # the camera, the place, the comment, the profile, what hangs behind
    kept = pictures.prepare(brought)
    assert PLANTED not in kept
    assert b"Exif" not in kept
    assert b"ICC_PROFILE" not in kept
    assert b"PK\x03\x04" not in kept
    assert opened(kept).info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}
    pictures.check(kept)


@pytest.mark.parametrize(
    ("orientation", "size", "up"),
    [(1, (640, 480), (320, 40)), (3, (640, 480), (320, 440)), (6, (480, 640), (440, 320)), (8, (480, 640), (40, 320))],
)
def test_a_picture_stands_upright(orientation: int, size: tuple[int, int], up: tuple[int, int]) -> None:
    kept = opened(pictures.prepare(phone(orientation=orientation)))
    assert kept.size == size
    assert near(kept.getpixel(up), RED)
    assert near(kept.getpixel((size[0] - 1 - up[0], size[1] - 1 - up[1])), BLUE)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_it_is_told_by_its_content_and_drawn_the_same(kind: str) -> None:
    kept = opened(pictures.prepare(saved(kind)))
    assert kept.size == (640, 480)
    assert near(kept.getpixel((9, 9)), RED)
    assert near(kept.getpixel((9, 470)), BLUE)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_way_to_keep_colours_is_drawn(mode: str) -> None:
    grey = Image.new("L", (64, 64), 128)
    out = io.BytesIO()
    (Image.new(mode, (64, 64), 0x8080) if mode == "I;16" else grey.convert(mode)).save(out, "PNG")
    level = opened(pictures.prepare(out.getvalue())).convert("L").resize((1, 1)).getpixel((0, 0))
    assert isinstance(level, int | float)
    assert abs(level - 128) < 12


def test_what_is_seen_through_is_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(out, "PNG")
    assert near(opened(pictures.prepare(out.getvalue())).getpixel((5, 5)), (255, 255, 255))


@pytest.mark.parametrize("noisy", [False, True])
def test_it_is_never_larger_than_1600_pixels_and_300_kilobytes(noisy: bool) -> None:
    out = io.BytesIO()
    (Image.effect_noise((3000, 2250), 120) if noisy else drawn((3000, 2250))).convert("RGB").save(
        out, "JPEG", quality=95
    )
    kept = pictures.prepare(out.getvalue())
    assert len(kept) <= pictures.LARGEST
    assert max(opened(kept).size) <= pictures.EDGE
    assert opened(kept).width * 3 == opened(kept).height * 4


# --- hostile ------------------------------------------------------------------------------------------------------------

HEIC = b"\0\0\0\x18ftypheic" + bytes(64)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
NOT_PICTURES: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "pictures.other_kind"),
    "program": (lambda: b"MZ\x90\0" + bytes(500), "pictures.other_kind"),
    "zip": (lambda: b"PK\x03\x04" + bytes(500), "pictures.other_kind"),
    "svg": (lambda: SVG, "pictures.other_kind"),
    "gif": (lambda: animated("GIF"), "pictures.other_kind"),
    "tiff": (lambda: saved("TIFF"), "pictures.other_kind"),
    "heic": (lambda: HEIC, "pictures.heic"),
    "moving webp": (lambda: animated("WEBP"), "pictures.animated"),
    "moving png": (lambda: animated("PNG"), "pictures.animated"),
    "bomb": (lambda: bomb(30_000, 30_000), "pictures.too_many_pixels"),
    "truncated jpeg": (lambda: saved("JPEG")[:-2000], "pictures.damaged"),
    "truncated png": (lambda: saved("PNG")[:-200], "pictures.damaged"),
    "head of a jpeg": (lambda: b"\xff\xd8\xff\xe0" + bytes(40), "pictures.damaged"),
    "head of a png": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(40), "pictures.damaged"),
    "head of a webp": (lambda: b"RIFF\x10\0\0\0WEBPVP8 " + bytes(10), "pictures.damaged"),
    "huge": (lambda: b"\xff\xd8\xff" + bytes(pictures.LARGEST_FILE), "pictures.too_big"),
}


@pytest.mark.parametrize("name", NOT_PICTURES)
def test_what_is_no_picture_is_refused_in_one_sentence(name: str) -> None:
    make, meant = NOT_PICTURES[name]
    assert word(make()) == meant


def test_a_bomb_is_refused_before_its_pixels_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[int] = []
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", lambda _self: loaded.append(1))
    assert word(bomb(30_000, 30_000)) == "pictures.too_many_pixels"
    assert word(bomb(6_000, 5_000)) == "pictures.too_many_pixels"  # below Pillow's own bound
    assert loaded == []


@given(cut=st.integers(0, 3000), at=st.integers(0, 3000), bit=st.integers(0, 7), tail=st.binary(max_size=20))
def test_whatever_is_done_to_a_picture_it_is_refused_or_drawn_anew(cut: int, at: int, bit: int, tail: bytes) -> None:
    data = bytearray(phone(64, 48))
    data[at % len(data)] ^= 1 << bit
    brought = bytes(data[: len(data) - cut % len(data)]) + tail
    try:
        pictures.check(pictures.prepare(brought))
    except Refused as refusal:
        assert refusal.word.startswith("pictures.")


# --- what both sides hold a picture to ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda jpeg: phone(), id="as the phone made it"),
        pytest.param(lambda jpeg: jpeg + b"PK\x03\x04", id="something behind it"),
        pytest.param(lambda jpeg: jpeg + jpeg, id="another behind it"),
        pytest.param(lambda jpeg: jpeg[:2] + b"\xff\xe1\0\x08Exif\0\0" + jpeg[2:], id="metadata"),
        pytest.param(lambda jpeg: jpeg[:2] + b"\xff\xfe\0\x05abc" + jpeg[2:], id="a comment"),
        pytest.param(lambda jpeg: jpeg[:-2], id="no end"),
        pytest.param(lambda jpeg: jpeg[:100], id="cut short"),
        pytest.param(lambda jpeg: b"\xff\xd8", id="only a head"),
        pytest.param(lambda jpeg: b"", id="nothing"),
        pytest.param(lambda jpeg: SVG, id="a drawing"),
        pytest.param(lambda jpeg: jpeg[:-2] + bytes(pictures.LARGEST) + jpeg[-2:], id="too long"),
        pytest.param(lambda jpeg: saved("JPEG", progressive=True), id="another encoder's"),
    ],
)
def test_only_what_was_made_ready_passes(spoil: Callable[[bytes], bytes]) -> None:
    ready = pictures.prepare(phone())
    pictures.check(ready)
    with pytest.raises(Refused) as refusal:
        pictures.check(spoil(ready))
    assert refusal.value.word == "pictures.not_prepared"


def test_a_picture_that_is_too_large_to_draw_does_not_pass() -> None:
    out = io.BytesIO()
    Image.new("RGB", (pictures.EDGE + 1, 8)).save(out, "JPEG")
    with pytest.raises(Refused):
        pictures.check(out.getvalue())


# --- parts that nobody is to see -------------------------------------------------------------------------------------------


def checkered(across: int = 400, down: int = 300) -> bytes:
    """Ready pixels that are black and white in turn: what stays of them is told at once."""
    plate = Image.new("RGB", (across, down), "white")
    for left in range(0, across, 20):
        for top in range(0, down, 20):
            if (left + top) // 20 % 2:
                plate.paste((0, 0, 0), (left, top, left + 20, top + 20))
    out = io.BytesIO()
    plate.save(out, "PNG")
    return pictures.prepare(out.getvalue())


def levels(jpeg: bytes, box: pictures.Box) -> list[int]:
    left, top, width, height = box
    return list(opened(jpeg).convert("L").crop((left, top, left + width, top + height)).tobytes())


def test_what_is_covered_is_gone_from_the_bytes_and_the_rest_stays() -> None:
    ready, box = checkered(), (100, 60, 180, 120)
    covered = pictures.cover(ready, [box])
    pictures.check(covered)
    inside = levels(covered, (108, 68, 164, 104))
    assert max(inside) - min(inside) < 130
    assert all(70 < level < 190 for level in inside)  # neither the black nor the white that was there
    assert max(levels(ready, box)) - min(levels(ready, box)) > 240
    assert sum(level < 30 for level in levels(covered, (300, 0, 100, 300))) > 10_000
    assert opened(covered).size == opened(ready).size


def test_no_box_changes_nothing_and_one_beside_the_picture_is_a_mistake() -> None:
    ready = checkered()
    assert pictures.cover(ready, []) == ready
    assert pictures.cover(ready, [(390, 290, 5000, 5000)]) != ready  # as much of it as there is
    for box in ((400, 0, 10, 10), (0, 300, 10, 10), (5, 5, 0, 10), (-20, 0, 10, 10)):
        with pytest.raises(UserMistake) as mistake:
            pictures.cover(ready, [box])
        assert mistake.value.word == "pictures.no_part"


def test_only_what_was_made_ready_is_covered() -> None:
    with pytest.raises(Refused) as refusal:
        pictures.cover(phone(), [(0, 0, 10, 10)])
    assert refusal.value.word == "pictures.not_prepared"

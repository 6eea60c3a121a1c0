"""What really stands in an encrypted store: its pages and the frames of its write-ahead log, decrypted one by one.

SQLCipher 4 with a raw key (https://www.zetetic.net/sqlcipher/design/): pages of 4096 bytes, AES-256-CBC, and at the end of each page
80 bytes of IV and HMAC; the first page begins with 16 bytes of salt in the clear. A query shows what is live; this shows what is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

PAGE, RESERVED, SALT = 4096, 80, 16
LOG_HEAD, FRAME_HEAD = 32, 24


def plain(database: Path, key: str) -> Iterator[bytes]:
    """Every page of the database and of its write-ahead log in the clear; free ones and old ones too."""
    cipher = Cipher(bytes.fromhex(key))
    whole = database.read_bytes()
    for number, start in enumerate(range(0, len(whole) - PAGE + 1, PAGE)):
        yield _page(cipher, whole[start : start + PAGE], first=number == 0)
    log = database.with_name(f"{database.name}-wal")
    frames = log.read_bytes() if log.exists() else b""
    for start in range(LOG_HEAD, len(frames) - PAGE - FRAME_HEAD + 1, PAGE + FRAME_HEAD):
        number = int.from_bytes(frames[start : start + 4], "big")
        yield _page(cipher, frames[start + FRAME_HEAD : start + FRAME_HEAD + PAGE], first=number == 1)


def holds(database: Path, key: str, *wanted: bytes) -> set[bytes]:
    """Which of these bytes stand anywhere in the store."""
    everything = b"".join(plain(database, key))
    return {text for text in wanted if text in everything}


def _page(cipher: Cipher, page: bytes, *, first: bool) -> bytes:
    body = page[SALT if first else 0 : PAGE - RESERVED]
    vector = page[PAGE - RESERVED : PAGE - RESERVED + 16]
    return cipher.decrypt(body, vector) if any(vector) else body


def _field() -> tuple[list[int], list[int]]:
    """Exponents and logarithms of GF(2^8) by the generator 3 (FIPS 197, section 4)."""
    powers, logs, value = [0] * 255, [0] * 256, 1
    for exponent in range(255):
        powers[exponent], logs[value] = value, exponent
        value ^= (value << 1) ^ (0x11B if value & 0x80 else 0)
        value &= 0xFF
    return powers, logs


POWERS, LOGS = _field()


def _times(a: int, b: int) -> int:
    return POWERS[(LOGS[a] + LOGS[b]) % 255] if a and b else 0


def _boxes() -> tuple[list[int], list[int]]:
    forward = []
    for value in range(256):
        inverse = POWERS[-LOGS[value] % 255] if value else 0
        turned = inverse
        for shift in range(1, 5):
            turned ^= (inverse << shift | inverse >> (8 - shift)) & 0xFF
        forward.append(turned ^ 0x63)
    backward = [0] * 256
    for value, spot in enumerate(forward):
        backward[spot] = value
    return forward, backward


BOX, BACK = _boxes()
MIXED = [
    [
        _times(s, 14) << 24 | _times(s, 9) << 16 | _times(s, 13) << 8 | _times(s, 11)
        for s in (BACK[value] for value in range(256))
    ]
]
MIXED += [[(word >> 8 * turn | word << 32 - 8 * turn) & 0xFFFFFFFF for word in MIXED[0]] for turn in (1, 2, 3)]
"""Inverse substitution and column mixing in one look, for each of the four rows."""


class Cipher:
    """AES-256 backwards, as the equivalent inverse cipher of FIPS 197, section 5.3.5."""

    def __init__(self, key: bytes) -> None:
        words = [int.from_bytes(key[start : start + 4], "big") for start in range(0, 32, 4)]
        constant = 1
        while len(words) < 60:
            word = words[-1]
            if len(words) % 8 == 0:
                word = self._substituted((word << 8 | word >> 24) & 0xFFFFFFFF) ^ constant << 24
                constant = _times(constant, 2)
            elif len(words) % 8 == 4:
                word = self._substituted(word)
            words.append(words[-8] ^ word)
        rounds = [words[start : start + 4] for start in range(0, 60, 4)]
        self._keys = [rounds[14], *([self._mixed(word) for word in rounds[n]] for n in range(13, 0, -1)), rounds[0]]

    @staticmethod
    def _substituted(word: int) -> int:
        return BOX[word >> 24] << 24 | BOX[word >> 16 & 255] << 16 | BOX[word >> 8 & 255] << 8 | BOX[word & 255]

    @staticmethod
    def _mixed(word: int) -> int:
        parts = (BOX[word >> shift & 255] for shift in (24, 16, 8, 0))
        return MIXED[0][next(parts)] ^ MIXED[1][next(parts)] ^ MIXED[2][next(parts)] ^ MIXED[3][next(parts)]

    def decrypt(self, data: bytes, vector: bytes) -> bytes:
        """CBC; ``data`` is whole blocks."""
        out, before = bytearray(), int.from_bytes(vector, "big")
        for start in range(0, len(data), 16):
            block = data[start : start + 16]
            whole = int.from_bytes(block, "big")
            out += (self._block(block) ^ before).to_bytes(16, "big")
            before = whole
        return bytes(out)

    def _block(self, block: bytes) -> int:
        m0, m1, m2, m3 = MIXED
        key = self._keys[0]
        a, b, c, d = (int.from_bytes(block[4 * n : 4 * n + 4], "big") ^ key[n] for n in range(4))
        for k in self._keys[1:14]:
            a, b, c, d = (
                m0[a >> 24] ^ m1[d >> 16 & 255] ^ m2[c >> 8 & 255] ^ m3[b & 255] ^ k[0],
                m0[b >> 24] ^ m1[a >> 16 & 255] ^ m2[d >> 8 & 255] ^ m3[c & 255] ^ k[1],
                m0[c >> 24] ^ m1[b >> 16 & 255] ^ m2[a >> 8 & 255] ^ m3[d & 255] ^ k[2],
                m0[d >> 24] ^ m1[c >> 16 & 255] ^ m2[b >> 8 & 255] ^ m3[a & 255] ^ k[3],
            )
        found = 0
        for spots, k in zip(((a, d, c, b), (b, a, d, c), (c, b, a, d), (d, c, b, a)), self._keys[14], strict=True):
            word = 0
            for shift, spot in zip((24, 16, 8, 0), spots, strict=True):
                word |= BACK[spot >> shift & 255] << shift
            found = found << 32 | (word ^ k)
        return found

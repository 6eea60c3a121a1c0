"""No name, phone, word or key in the clear: in the data folder, on the stick, in temporary files, at home, the log, or a file held open.

A station works through its life in a process of its own (``plainly``) and stops again and again; every file there is then searched
for every secret there is, in the spellings a program might have left it in. The one exception is said here: what is printed.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path

from tests.journeys import plainly

ROOT = Path(__file__).resolve().parents[2]
STAGES = ["at work", "locked", "forgotten", "window closed", "restored", "closed"]
PRINTED = "data/print/"
"""The exception (decision 011): PDFs that a viewer and a printer can read, until an hour later or until the window closes."""
PRINTING = STAGES[:3]
SHORTEST = 5
"""Bytes that do not occur by chance in megabytes of ciphertext."""
STREAM = re.compile(rb"\x78[\x01\x5e\x9c\xda]")


def spellings(secret: bytes) -> set[bytes]:
    """A secret as bytes, as hex and base64 of those (at each of its three places in a line), a text in other encodings too."""
    forms = {secret}
    try:
        text = secret.decode()
    except UnicodeDecodeError:
        pass
    else:
        forms |= {text.encode(name) for name in ("utf-16-le", "utf-16-be", "gb18030")} | {
            repr(text).encode("unicode_escape")[1:-1]
        }
    spelled = set(forms)
    for form in forms:
        spelled |= {form.hex().encode(), form.hex().upper().encode()}
        for shift in range(3):
            whole = base64.b64encode(bytes(shift) + form + bytes(3))
            spelled.add(whole[-(-shift * 4 // 3) + (shift > 0) : (shift + len(form)) * 8 // 6])
    return {form for form in spelled if len(form) >= SHORTEST}


def layers(data: bytes) -> Iterator[bytes]:
    """The bytes, and what any zlib stream in them unpacks to."""
    yield data
    for found in STREAM.finditer(data):
        try:
            yield zlib.decompressobj().decompress(data[found.start() :], 4_000_000)
        except zlib.error:
            continue


class Search:
    """Looks through everything a process has left or holds."""

    def __init__(self, folder: Path, child: subprocess.Popen[str], log: Path) -> None:
        self.folder, self.child, self.log = folder, child, log
        self.places = 0

    def found(self, secrets: list[bytes], stage: str) -> set[str]:
        """Where any spelling of any secret stands, but for paper while the window is open."""
        wanted = re.compile(b"|".join(re.escape(form) for secret in secrets for form in spellings(secret)))
        places = set()
        for place, data in self._everything():
            self.places += 1
            if stage in PRINTING and place.startswith(PRINTED) and place.endswith(".pdf"):
                continue
            if any(wanted.search(layer) for layer in layers(data)):
                places.add(place)
        return places

    def _everything(self) -> Iterator[tuple[str, bytes]]:
        for file in sorted(self.folder.rglob("*")):
            if file.is_file():
                yield file.relative_to(self.folder).as_posix(), file.read_bytes()
        yield "the log", self.log.read_bytes()
        held = Path(f"/proc/{self.child.pid}/fd")
        for one in sorted(held.iterdir()) if held.exists() else ():
            try:
                if one.stat().st_size and one.is_file():  # a deleted file too: its name is gone, it is not
                    yield f"open: {one.readlink().name}", one.read_bytes()
            except OSError:
                continue


def life(tmp_path: Path, *more: str) -> Generator[tuple[str, set[str], Search], None, None]:
    """Each stage with the places where something stands that must not."""
    folder, log = tmp_path / "life", tmp_path / "log"
    for name in ("tmp", "home"):
        (folder / name).mkdir(parents=True, mode=0o700)
    temporary, home = ("TMPDIR", "TEMP", "TMP"), ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")
    environment = os.environ | dict.fromkeys(temporary, str(folder / "tmp")) | dict.fromkeys(home, str(folder / "home"))
    environment |= {"QT_QPA_PLATFORM": "offscreen", "PYTHONDONTWRITEBYTECODE": "1", "STATION_LANG": "zh"}
    command = [sys.executable, "-m", "tests.journeys.plainly", str(folder), *more]
    with log.open("w") as errors, subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
    ) as child:  # fmt: skip
        search = Search(folder, child, log)
        assert child.stdin is not None
        assert child.stdout is not None
        for line in child.stdout:
            told = json.loads(line)
            secrets = [bytes.fromhex(secret) for secret in told["secrets"]]
            yield told["stage"], search.found(secrets, told["stage"]), search
            child.stdin.write("on\n")
            child.stdin.flush()
    assert child.returncode == 0, log.read_text("utf-8")


def test_nothing_stands_in_the_clear_at_any_stage(tmp_path: Path) -> None:
    stages: dict[str, set[str]] = {}
    for stage, found, search in life(tmp_path):
        stages[stage] = found
        paper = sorted((search.folder / "data" / "print").glob("*"))
        assert bool(paper) is (stage in PRINTING), "paper goes with the window"
        if stage == "at work":
            assert {plainly.NAME, plainly.PHONE} <= set(_read(paper).split()), "the exception is one"
    assert stages == {stage: set() for stage in STAGES}
    assert search.places > 100
    assert "ValueError at" in (search.folder / "data" / "station.log").read_text("utf-8"), "a fault of ours is logged, without its words"


def _read(paper: list[Path]) -> str:
    """What stands on sheets of paper."""
    import pypdfium2

    texts = []
    for file in paper:
        document = pypdfium2.PdfDocument(file)
        texts += [page.get_textpage().get_text_range() for page in document]
        document.close()
    return "\n".join(texts)


def test_every_leak_is_found(tmp_path: Path) -> None:
    _stage, found, search = next(leaking := life(tmp_path, "leaky"))
    search.child.kill()
    leaking.close()
    spilled = set(plainly.LEAKS)
    if not Path("/proc/self/fd").exists():  # files without a name are only shown by Linux
        spilled.remove("open:")
    missed = {place for place in spilled if not any(one.startswith(place) for one in found)}
    assert missed == set()


def test_a_secret_is_known_in_every_spelling() -> None:
    for secret in ("冼植标廿".encode(), b"13871620459", bytes(range(32))):
        for before in range(4):
            line = base64.b64encode(b"x" * before + secret + b"yz")
            assert any(form in line for form in spellings(secret))
        assert secret.hex().encode() in spellings(secret)
    assert "冼植标廿".encode("utf-16-le") in spellings("冼植标廿".encode())

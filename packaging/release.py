"""Makes the key that releases are signed with, and signed packages that stations take in without a network.

``release.py key FILE``                     writes a secret key into FILE and its public half into assets/release.pub
``release.py package KEYFILE [FOLDER]``     packs dist/warm-station for this platform as a signed folder (and zip beside it)

The secret stays with whoever makes releases and never comes into the repository; the public half is built into the program.
Losing the secret means a new key, which stations get with one installation by hand.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import zipfile
from pathlib import Path

from nacl.signing import SigningKey

from station_app import __version__
from station_app.paths import machine_kind
from station_app.services.updates import CONTEXT, INSIDE, MANIFEST, SIGNATURE

HOUSE = Path(__file__).resolve().parent.parent
PUBLIC = HOUSE / "assets" / "release.pub"


def make_key(secret: Path, public: Path = PUBLIC) -> SigningKey:
    """A new key: the secret into a file that only its owner reads, which must not exist yet."""
    key = SigningKey.generate()
    with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(bytes(key).hex() + "\n")
    public.write_text(bytes(key.verify_key).hex() + "\n", "ascii")
    return key


def package(program: Path, to: Path, key: SigningKey, *, version: str = __version__, platform: str = "") -> Path:
    """A signed package of a built program in the folder ``to``; sticks know no links, so those stand in the manifest."""
    shutil.rmtree(to, ignore_errors=True)
    files: dict[str, list[object]] = {}
    runs, links = [], {}
    for file in sorted(program.rglob("*")):
        name = file.relative_to(program).as_posix()
        if file.is_symlink():
            links[name] = str(file.readlink())
        elif file.is_file() and name != ".portable":
            place = to / INSIDE / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
            with file.open("rb") as content:
                files[name] = [hashlib.file_digest(content, "sha256").hexdigest(), file.stat().st_size]
            if file.stat().st_mode & 0o100:
                runs.append(name)
    told = {"format": 1, "version": version, "platform": platform or machine_kind(), "files": files, "runs": runs, "links": links}
    manifest = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    (to / MANIFEST).write_bytes(manifest)
    (to / SIGNATURE).write_text(key.sign(CONTEXT + manifest).signature.hex() + "\n", "ascii")
    return to


def zipped(folder: Path) -> Path:
    """The same as one file."""
    packed = folder.with_name(f"{folder.name}.zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, Path(folder.name, file.relative_to(folder)))
    return packed


def main(arguments: list[str]) -> int:
    """The two commands above."""
    if len(arguments) == 2 and arguments[0] == "key":
        make_key(Path(arguments[1]))
        print(f"The public half is in {PUBLIC.relative_to(HOUSE)}; keep {arguments[1]} where nobody else gets at it.")
    elif arguments[:1] == ["package"] and len(arguments) in (2, 3):
        key = SigningKey(bytes.fromhex(Path(arguments[1]).read_text("ascii").strip()))
        to = Path(arguments[2]) if len(arguments) == 3 else HOUSE / "dist" / f"warm-station-{__version__}-{machine_kind()}-update"
        made = package(HOUSE / "dist" / "warm-station", to, key)
        print(f"{made}\n{zipped(made)}")
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Updates from a stick: only what the release key signed, newer, for this machine and whole; killed half way the old one works."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from nacl.signing import SigningKey

from station_app import paths
from station_app.errors import Cancelled, EnvironmentFault, Refused
from station_app.paths import Pointer
from station_app.services import updates
from station_app.services.updates import CONTEXT


def tool() -> ModuleType:
    """packaging/release.py, which is no part of the program."""
    spec = importlib.util.spec_from_file_location("release", Path(__file__).parents[2] / "packaging" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


RELEASE = tool()
make_key, package, zipped = RELEASE.make_key, RELEASE.package, RELEASE.zipped
KEY = SigningKey(b"k" * 32)
PUBLIC = bytes(KEY.verify_key)
HERE, OLD, NEW = "linux-x86_64", "0.1.0", "0.2.0"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """The program as it runs now."""
    base = tmp_path / "lib" / "warm-station"
    base.mkdir(parents=True)
    (base / "station-app").write_text("old")
    return base


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A new program, with a file in a folder, one that is run, and a link as PyInstaller makes them."""
    built = tmp_path / "built"
    (built / "_internal/字体").mkdir(parents=True)
    (built / "station-app").write_text(f"#!/bin/sh\necho new {NEW}\n")
    (built / "station-app").chmod(0o755)
    (built / "_internal/字体/a.ttf").write_bytes(bytes(range(256)) * 9000)
    (built / "_internal/libz.so.1").write_bytes(b"library")
    (built / "_internal/libz.so").symlink_to("libz.so.1")
    (built / ".portable").touch()
    return built


@pytest.fixture
def brought(built: Path, tmp_path: Path) -> Path:
    return package(built, tmp_path / "stick" / "update", KEY, version=NEW, platform=HERE)


def look(source: Path, **more: str) -> updates.Update:
    return updates.look(source, key=PUBLIC, **{"present": OLD, "platform": HERE} | more)


def refused(source: Path, word: str, **more: str) -> None:
    with pytest.raises(Refused) as told:
        look(source, **more)
    assert told.value.word == f"updates.{word}"


def signed(source: Path, change: Callable[[dict[str, object]], None]) -> Path:
    """The same package with another manifest, signed by the right key."""
    told = json.loads((source / updates.MANIFEST).read_text("utf-8"))
    change(told)
    manifest = json.dumps(told).encode()
    (source / updates.MANIFEST).write_bytes(manifest)
    (source / updates.SIGNATURE).write_text(KEY.sign(CONTEXT + manifest).signature.hex())
    return source


def only_the_old_one(base: Path) -> bool:
    return sorted(one.name for one in base.parent.iterdir()) == ["warm-station"] and (base / "station-app").read_text() == "old"


# --- what is taken ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_zip", [False, True])
def test_a_signed_newer_version_is_put_beside_the_old_one_and_begun_next(brought: Path, base: Path, as_zip: bool) -> None:
    source = zipped(brought) if as_zip else brought
    assert updates.looks_like(source)
    found = look(source)
    assert (found.version, found.platform, len(found.files), found.links) == (
        NEW, HERE, 3, {"_internal/libz.so": "libz.so.1"},
    )  # fmt: skip
    told: list[tuple[int, int]] = []
    place = updates.install(found, base=base, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (found.size, found.size)
    assert Pointer(base).newer_than(OLD) == place == base.with_name(f"warm-station-{NEW}")
    assert subprocess.run([place / "station-app"], capture_output=True, text=True, check=True).stdout == f"new {NEW}\n"
    assert (place / "_internal/libz.so").read_bytes() == b"library"
    assert not (place / ".portable").exists()
    assert (base / "station-app").read_text() == "old"
    assert not list(base.parent.glob("*.part"))


def test_going_back_begins_the_one_before(brought: Path, base: Path) -> None:
    updates.install(look(brought), base=base)
    signed(brought, lambda told: told.update(version="0.10.0"))
    updates.install(look(brought, present=NEW), base=base)
    assert [one.removeprefix("warm-station-") for one in Pointer(base).names] == ["0.10.0", NEW]
    assert updates.go_back(base=base) == f"warm-station-{NEW}"
    assert Pointer(base).newer_than(OLD) == base.with_name(f"warm-station-{NEW}")
    assert updates.go_back(base=base) == "warm-station"
    assert Pointer(base).newer_than(OLD) is None
    with pytest.raises(Refused, match="nothing_before"):
        updates.go_back(base=base)


def test_versions_nobody_goes_back_to_are_taken_away(brought: Path, base: Path) -> None:
    for version in (NEW, "0.3.0", "0.4.0"):
        signed(brought, lambda told, version=version: told.update(version=version))  # type: ignore[misc]
        updates.install(look(brought), base=base)
    assert sorted(one.name for one in base.parent.iterdir() if one.is_dir()) == [
        "warm-station", "warm-station-0.3.0", "warm-station-0.4.0",
    ]  # fmt: skip


# --- what is refused -------------------------------------------------------------------------------------------------------


def test_another_key_a_changed_manifest_and_a_missing_signature_are_refused(brought: Path, built: Path, tmp_path: Path) -> None:
    refused(package(built, tmp_path / "theirs", SigningKey.generate(), version=NEW, platform=HERE), "wrong_signature")
    manifest = brought / updates.MANIFEST
    whole = manifest.read_bytes()
    manifest.write_bytes(whole.replace(b"0.2.0", b"0.9.0"))
    refused(brought, "wrong_signature")
    manifest.write_bytes(whole)
    (brought / updates.SIGNATURE).write_text("not hexadecimal")
    refused(brought, "wrong_signature")
    (brought / updates.SIGNATURE).unlink()
    refused(brought, "incomplete")


@pytest.mark.parametrize(("version", "present"), [("0.1.0", "0.1.0"), ("0.2.0", "0.10.0"), ("1.0", "1.0.0"), ("0.9", "1.0")])
def test_what_is_not_newer_is_refused(brought: Path, version: str, present: str) -> None:
    refused(signed(brought, lambda told: told.update(version=version)), "older", present=present)


def test_another_platform_is_refused(brought: Path) -> None:
    refused(brought, "other_platform", platform="windows-amd64")


@pytest.mark.parametrize(
    "name",
    ["../evil", "a/../../evil", "/etc/passwd", "C:/evil", "a\\..\\evil", "a//b", "./a", "con", "a/nul.txt", "a. ", "x\0y", "", "a:b"],
)
def test_a_path_that_leads_out_is_refused_even_signed(brought: Path, name: str) -> None:
    refused(signed(brought, lambda told: told["files"].update({name: ["0" * 64, 1]})), "escapes")  # type: ignore[attr-defined]


@pytest.mark.parametrize("target", ["../../evil", "/etc/passwd", "nowhere", "..\\evil"])
def test_a_link_that_leads_out_is_refused_even_signed(brought: Path, target: str) -> None:
    refused(signed(brought, lambda told: told["links"].update({"_internal/l": target})), "escapes")  # type: ignore[attr-defined]


def test_names_that_are_one_on_some_systems_are_refused(brought: Path) -> None:
    refused(signed(brought, lambda told: told["files"].update({"STATION-APP": ["0" * 64, 1]})), "unreadable")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "manifest",
    [b"", b"[]", b"{}", b"\xff", b'{"format":1,"format":1}', b'{"format":2}', b'{"format":1,"version":"../x"}', b"[" * 50_000],
    ids=lambda text: text[:12].decode("latin-1"),
)
def test_a_manifest_that_is_none_is_refused(brought: Path, manifest: bytes) -> None:
    (brought / updates.MANIFEST).write_bytes(manifest)
    (brought / updates.SIGNATURE).write_text(KEY.sign(CONTEXT + manifest).signature.hex())
    refused(brought, "unreadable")


def test_a_file_too_many_or_one_missing_is_refused(brought: Path, tmp_path: Path) -> None:
    extra = brought / updates.INSIDE / "extra.so"
    extra.write_bytes(b"evil")
    refused(brought, "extra")
    extra.unlink()
    (brought / updates.INSIDE / "station-app").rename(tmp_path / "gone")
    refused(brought, "incomplete")


def test_a_link_in_the_package_is_refused(brought: Path) -> None:
    file = brought / updates.INSIDE / "station-app"
    file.unlink()
    file.symlink_to("/bin/true")
    refused(brought, "extra")


def test_a_zip_with_a_name_twice_or_that_is_none_is_refused(brought: Path, tmp_path: Path) -> None:
    packed = zipped(brought)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("update/program/station-app", "another")
    refused(packed, "unreadable")
    spoilt = tmp_path / "spoilt.zip"
    spoilt.write_bytes(b"PK\x03\x04" + os.urandom(200))
    refused(spoilt, "unreadable")
    assert not updates.looks_like(spoilt)


@pytest.mark.parametrize("as_zip", [False, True])
def test_a_changed_byte_is_found_while_copying_and_nothing_is_left(brought: Path, base: Path, as_zip: bool) -> None:
    file = brought / updates.INSIDE / "_internal/字体/a.ttf"
    content = bytearray(file.read_bytes())
    content[1_500_000] ^= 1
    file.write_bytes(content)
    found = look(zipped(brought) if as_zip else brought)
    with pytest.raises(Refused, match="changed"):
        updates.install(found, base=base)
    assert only_the_old_one(base)


@pytest.mark.parametrize("more", [b"", b"longer than it says"])
def test_a_file_of_another_length_is_refused(brought: Path, base: Path, more: bytes) -> None:
    (brought / updates.INSIDE / "station-app").write_bytes(more)
    with pytest.raises(Refused, match="changed"):
        updates.install(look(brought), base=base)
    assert only_the_old_one(base)


def test_without_a_release_key_nothing_is_taken(brought: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(updates, "asset", lambda *_parts: tmp_path / "missing.pub")
    with pytest.raises(Refused, match="no_key"):
        updates.look(brought)


# --- what may go wrong in between --------------------------------------------------------------------------------------------


def test_cancelled_half_way_leaves_nothing(brought: Path, base: Path) -> None:
    def stop(done: int, _total: int) -> None:
        if done > 1_000_000:
            raise Cancelled("kit.cancelled")

    with pytest.raises(Cancelled):
        updates.install(look(brought), base=base, progress=stop)
    assert only_the_old_one(base)


def test_killed_half_way_the_old_one_works_and_the_next_try_succeeds(brought: Path, base: Path) -> None:
    """A real process, killed at every stage: in the first file, in the last, before the pointer is written."""
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from station_app.services import updates\n"
        "from station_app.paths import Pointer\n"
        "source, base, key, stage = Path(sys.argv[1]), Path(sys.argv[2]), bytes.fromhex(sys.argv[3]), sys.argv[4]\n"
        "die = lambda *_a, **_k: os.kill(os.getpid(), 9)\n"
        "if stage == 'pointer': Pointer.point_at = die\n"
        "if stage == 'rename': Path.rename = die\n"
        "steps = iter(range(10_000))\n"
        "def progress(done, total):\n"
        "    if stage.isdigit() and next(steps) == int(stage): die()\n"
        f"found = updates.look(source, key=key, present='{OLD}', platform='{HERE}')\n"
        "updates.install(found, base=base, progress=progress)\n"
    )
    for stage in ("0", "2", "4", "rename", "pointer"):
        done = subprocess.run(
            [sys.executable, "-c", script, str(brought), str(base), PUBLIC.hex(), stage], cwd=Path(__file__).parents[2], check=False
        )
        assert done.returncode == -9, stage
        assert Pointer(base).newer_than(OLD) is None, stage
        assert (base / "station-app").read_text() == "old"
    place = updates.install(look(brought), base=base)
    assert Pointer(base).newer_than(OLD) == place
    assert not list(base.parent.glob("*.part"))


def test_a_full_disk_and_a_folder_nobody_may_write_are_said(brought: Path, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(base)
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: usage._replace(free=1000))
    with pytest.raises(EnvironmentFault, match="no_room"):
        updates.install(look(brought), base=base)
    monkeypatch.undo()

    def denied(self: Path, *_more: object, **_named: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", denied)
    with pytest.raises(EnvironmentFault, match="not_written"):
        updates.install(look(brought), base=base)
    monkeypatch.undo()
    assert only_the_old_one(base)


# --- the next start ------------------------------------------------------------------------------------------------------


def start(base: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str, environ: dict[str, str] | None = None) -> list[list[str]]:
    """What the old program begins instead of itself."""
    begun: list[list[str]] = []
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(base / "station-app"))
    monkeypatch.delenv(paths.BASE, raising=False)
    for name, content in (environ or {}).items():
        monkeypatch.setenv(name, content)

    def execve(program: Path, given: list[str], around: dict[str, str]) -> None:
        begun.append([str(program), *given[1:], around[paths.BASE]])

    monkeypatch.setattr(os, "execve", execve)
    assert paths.handed_over(OLD, arguments) is None
    return begun


def test_the_next_start_begins_the_new_one_in_the_place_of_the_old(
    brought: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert start(base, monkeypatch) == []
    place = updates.install(look(brought), base=base)
    assert start(base, monkeypatch, "--portable") == [[str(place / "station-app"), "--portable", str(base)]]
    assert start(base, monkeypatch, "update", "--previous") == []  # whatever the new one is like, the old one goes back
    assert start(base, monkeypatch, environ={paths.BASE: str(base)}) == []  # it is the new one that runs already
    (place / "station-app").unlink()
    assert start(base, monkeypatch) == []


def test_the_data_beside_a_portable_program_stays_where_it_is(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(base.with_name(f"warm-station-{NEW}") / "station-app"))
    monkeypatch.setenv(paths.BASE, str(base))
    (base / ".portable").touch()
    assert paths.default_folder() == base / "data"


def test_a_pointer_leads_only_to_a_version_beside_the_program(base: Path, tmp_path: Path) -> None:
    (tmp_path / "evil").mkdir()
    for text in ("../evil", "/etc", "warm-station-9.9/../../evil", "warm-station-9.9;x", "warm-station", "\0", "warm-station-"):
        Pointer(base).path.write_text(text)
        assert Pointer(base).newer_than(OLD) is None


def test_an_older_version_that_was_installed_by_hand_is_not_undone(brought: Path, base: Path) -> None:
    updates.install(look(brought), base=base)
    assert Pointer(base).newer_than("0.3.0") is None


# --- the release tool ------------------------------------------------------------------------------------------------------


def test_a_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    key = make_key(tmp_path / "secret", tmp_path / "release.pub")
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0
    assert bytes.fromhex((tmp_path / "release.pub").read_text()) == bytes(key.verify_key)
    with pytest.raises(FileExistsError):
        make_key(tmp_path / "secret", tmp_path / "release.pub")

"""Every released version of the format is read by today's program, and which version is written follows from who reads it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from station_app.errors import Refused
from station_app.sync import envelope, identity, manifest, opening, wire
from station_app.sync.strict import canonical
from tests.sync.made import Sides, refusal

KEPT = Path(__file__).resolve().parents[1] / "old_batches"
VERSIONS = range(manifest.OLDEST, manifest.FORMAT + 1)


class Files:
    """The files of one version and what has to be read out of them."""

    def __init__(self, version: int) -> None:
        self.folder = KEPT / f"v{version}"
        self.expected: dict[str, Any] = json.loads((self.folder / "expected.json").read_text("utf-8"))
        secrets = json.loads((self.folder / "keys.json").read_text("utf-8"))
        self.station, self.renewed = (self._identity(one) for one in secrets["station"])
        self.district = self._identity(secrets["district"][0])

    @staticmethod
    def _identity(kept: dict[str, str]) -> identity.Identity:
        return identity.from_bytes({"signing_seed": bytes.fromhex(kept["signing_seed"]), "age_identity": kept["age_identity"].encode()})

    def open(self, kind: opening.Kind, pattern: str, by: identity.Identity, signer: identity.Identity) -> bytes:
        """A file of theirs, through all that the worker looks at."""
        path = next(self.folder.glob(pattern))
        return opening.check(kind, path.read_bytes(), [by.opener], {signer.public.key_id: signer.public.verify_key})


def without_absent(told: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """What today's reader says of fields that the version had; those that came later are today's defaults."""
    return {name: part for name, part in told.items() if name in expected}


@pytest.fixture(params=VERSIONS)
def files(request: pytest.FixtureRequest) -> Files:
    return Files(request.param)


def test_there_are_files_of_every_version() -> None:
    assert [int(folder.name[1:]) for folder in sorted(KEPT.glob("v*"))] == list(VERSIONS)


def test_a_days_batches_are_read_whole(files: Files) -> None:
    data = files.open("batches", "*.batch", files.district, files.station)
    opened = opening.read_batches(data, {files.station.public.key_id: files.station.public.verify_key})
    assert [told.public for told in opened.renewed] == [files.renewed.public]
    assert [batch.hash for batch in opened.batches] == files.expected["hashes"]
    for batch, head, rows in zip(opened.batches, files.expected["manifests"], files.expected["rows"], strict=True):
        assert without_absent(msgspec.to_builtins(batch.manifest), head) == head
        assert {table: [wire.line(one).decode() for one in found] for table, found in batch.rows()} == rows
    assert {len(key) for key in opened.keys.values()} == {32}
    assert [bytes(content) for content in opened.attachments.values()] == [b"sealed picture"]


def test_a_pack_is_read_whole(files: Files) -> None:
    data = files.open("pack", "*.pack", files.station, files.district)
    opened = opening.read_pack(data, {files.district.public.key_id: files.district.public.verify_key}).pack
    expected = files.expected["pack_manifest"]
    assert without_absent(msgspec.to_builtins(opened.manifest), expected) == expected
    assert without_absent(json.loads(msgspec.json.encode(opened.pack)), files.expected["pack"]) == files.expected["pack"]
    assert identity.read_trust(opened.introduced).serial == 3


def test_introductions_are_read(files: Files) -> None:
    enrolled = identity.read_enrolment((files.folder / "enrol-YQ.json").read_bytes())
    trusted = identity.read_trust((files.folder / "trust-990101.json").read_bytes())
    assert enrolled.public == files.station.public
    assert (trusted.verify_key, trusted.epoch) == (files.district.public.verify_key.hex(), 2)


def test_the_age_tool_and_the_documents_reader_read_it_without_our_code(files: Files, tmp_path: Path) -> None:
    age = shutil.which("age")
    if not age:
        pytest.skip("the age tool is not installed: nothing here shows that a stranger can open a batch")
    key, opened, reader = tmp_path / "key.txt", tmp_path / "carrier", tmp_path / "reader.py"
    key.write_text(files.district.opener + "\n", encoding="ascii")
    sealed = next(files.folder.glob("*.batch"))
    opened.write_bytes(subprocess.run([age, "-d", "-i", str(key), str(sealed)], capture_output=True, check=True).stdout)
    document = (KEPT.parents[1] / "docs" / "pack-format.md").read_text("utf-8")
    reader.write_text(document.partition("```python\n")[2].partition("```")[0], encoding="utf-8")
    signers = ",".join(one.public.verify_key.hex() for one in (files.station, files.renewed))
    done = subprocess.run([sys.executable, "-I", str(reader), str(opened), signers, str(tmp_path)], capture_output=True)
    assert done.returncode == 0, done.stderr
    for number, rows in enumerate(files.expected["rows"], 1):
        for table, lines in rows.items():
            assert (tmp_path / f"{number}-{table}.jsonl").read_text("utf-8").splitlines() == lines


# --- which version is written, which is refused -----------------------------------------------------------------------------------


def changed(sides: Sides, **told: int) -> bytes:
    """A batch whose manifest tells another format, signed by its station all the same."""
    frame = envelope.cut_frame("batch", sides.batch().data)
    tree = json.loads(frame.manifest)
    tree["format"] |= told
    return envelope.write_frame("batch", canonical(tree), bytes(frame.body), sides.station.sign, sides.station.public.verify_key)


def test_a_newer_version_is_refused_with_the_word_that_the_program_is_too_old(sides: Sides) -> None:
    def read(data: bytes) -> envelope.OpenBatch:
        return envelope.read_batch(data, sides.stations)

    newer = manifest.FORMAT + 1
    assert refusal(lambda: read(changed(sides, version=newer))) == "sync_files.newer_format"
    assert refusal(lambda: read(changed(sides, version=manifest.OLDEST - 1))) == "sync_files.bad_manifest"
    assert read(changed(sides, max=newer)).manifest.format.max == newer  # a newer program that wrote for us


@pytest.mark.parametrize(
    ("ours", "theirs", "written"),
    [((1, 1), (1, 1), 1), ((1, 3), (1, 2), 2), ((1, 2), (1, 3), 2), ((2, 3), (1, 2), 2), ((1, 1), (1, 9), 1), ((2, 3), (1, 1), 0),
     ((1, 1), (2, 3), 0)],
)  # fmt: skip
def test_the_newest_version_both_know_is_written(
    monkeypatch: pytest.MonkeyPatch, ours: tuple[int, int], theirs: tuple[int, int], written: int
) -> None:
    monkeypatch.setattr(manifest, "OLDEST", ours[0])
    monkeypatch.setattr(manifest, "FORMAT", ours[1])
    told = manifest.Format(version=theirs[1], min=theirs[0], max=theirs[1])
    if written:
        assert manifest.common(told) == written
    else:
        with pytest.raises(Refused) as refused:
            manifest.common(told)
        assert refused.value.word == "sync_files.no_common_format"

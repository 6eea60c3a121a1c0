"""Whatever file a command is given: one clear sentence of ours, exit 3, and nothing is changed."""

from __future__ import annotations

import hashlib
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from click.testing import CliRunner, Result

from station_app.cli import exchange as exchange_commands
from station_app.cli import group
from station_app.db import Database
from station_app.district import answer, intake, store
from station_app.errors import Refused
from station_app.model import Occupation, Op
from station_app.paths import asset
from station_app.services import people, stations, visits
from station_app.sync import carry, identity, outbox
from station_app.sync.opening import Opened, Opener
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock
from tests.faults.hostile import CONTENTS, PLACES
from tests.faults.table import Tally, scale

FAULT = "hostile files"
ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
ITEMS = "名称,单位,类别,期初数量\n矿泉水,瓶,饮品,48\n藿香正气水,盒,防暑,10\n"
SHEET = "人员类别,时段,人次\n外卖骑手,9,4\n快递员,10,2\n"


# --- the house: two stations and their district, another district with a station of its own -----------------------------------


@dataclass(frozen=True, slots=True)
class House:
    """Folders that no command of these tests may change, and good files by what they are."""

    station: Path
    district: Path
    files: Path
    opener: Opener

    def good(self, name: str) -> Path:
        return self.files / name


def _exchange(home: Path, district: Database, code: str, opener: Opener) -> dict[str, Path]:
    """A station of ``district`` up to a pack it has not read yet; the four files that crossed."""
    stick = home / f"stick-{code}"
    stick.mkdir()
    told = replace(SAMPLE, code=code, district_code=district.meta("district_code"))
    db, _ = stations.set_up(home / code, told, "王敏", PASSWORD, clock=Clock(), cost=CHEAP)
    enrolment, introduction = outbox.enrol(db, stick).path, store.introduce(district, stick).path
    store.enrol(district, enrolment)
    outbox.trust(db, outbox.read_trust(introduction))
    people.register(db, Occupation.RIDER, "美团")
    visits.tally(db, Occupation.COURIER, 5)
    batch = outbox.export(db, stick)[0].path
    intake.receive(district, intake.open_file(district, batch, opener))
    pack = answer.pack(district, code, stick)[0].path
    db.close()
    return {"enrol": enrolment, "trust": introduction, "batch": batch, "pack": pack}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("house")
    files = home / "files"
    files.mkdir()
    here = store.set_up(home / "district", "990101", "云桥区", "", PASSWORD, clock=Clock(), cost=CHEAP)
    far = store.set_up(home / "far", "520304", "播州区", "", PASSWORD, clock=Clock(), cost=CHEAP)
    with Opener() as opener:
        for whose, district, code in (("own", here, "YQ"), ("neighbour", here, "LT"), ("far", far, "BZ")):
            for kind, path in _exchange(home, district, code, opener).items():
                (files / f"{whose}.{kind}").write_bytes(path.read_bytes())
        impostor, _ = stations.set_up(home / "impostor", SAMPLE, "某人", PASSWORD, cost=CHEAP)
        (files / "impostor.enrol").write_bytes(outbox.enrol(impostor, home).path.read_bytes())
        impostor.close()
        here.close()
        far.close()
        (files / "roster.xlsx").write_bytes((DATA / "roster.xlsx").read_bytes())
        (files / "roster.csv").write_bytes((DATA / "roster_utf8.csv").read_bytes())
        (files / "items.csv").write_text(ITEMS, "utf-8")
        (files / "sheet.csv").write_text(SHEET, "utf-8")
        yield House(home / "YQ", home / "district", files, opener)


@pytest.fixture(autouse=True)
def one_worker(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command of this process asks the same worker: it is made to be used again, and starts in half a second."""
    monkeypatch.setattr(exchange_commands, "Opener", lambda: nullcontext(house.opener))
    monkeypatch.setenv("STATION_PASSWORD", PASSWORD)


# --- the commands that read a file ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reads:
    """A command line with "FILE" in it, and the good file it is meant for."""

    line: tuple[str, ...]
    good: str
    district: bool = False
    foreign: tuple[str, ...] = ()

    def arguments(self, house: House, file: Path, language: str = "zh") -> list[str]:
        line = [str(file) if part == "FILE" else part for part in self.line]
        return ["--data", str(house.district if self.district else house.station), "--lang", language, *line]


EXCHANGED = tuple(f"{whose}.{kind}" for whose in ("own", "neighbour", "far") for kind in ("enrol", "trust", "batch", "pack"))
LISTS = ("roster.xlsx", "items.csv", "sheet.csv")
COMMANDS = {
    "people import": Reads(("people", "import", "FILE"), "roster.xlsx", foreign=("own.trust", "own.batch")),
    "supplies import": Reads(("supplies", "import", "FILE"), "items.csv", foreign=("own.trust", "own.batch")),
    "visits sheet": Reads(
        ("visits", "sheet", "FILE", "--date", "2026-07-16"), "sheet.csv", foreign=("roster.xlsx", "items.csv", "own.trust", "own.batch")
    ),
    "sync trust": Reads(("sync", "trust", "FILE"), "own.trust", foreign=(*LISTS, *EXCHANGED)),
    "sync import": Reads(("sync", "import", "FILE"), "own.pack", foreign=(*LISTS, *EXCHANGED)),
    "district enrol": Reads(
        ("district", "enrol", "FILE"), "own.enrol", district=True, foreign=(*LISTS, *EXCHANGED, "impostor.enrol")
    ),
    "district intake": Reads(("district", "intake", "FILE"), "own.batch", district=True, foreign=(*LISTS, *EXCHANGED)),
}  # fmt: skip
HARMLESS = {
    "sync trust": {"own.trust", "neighbour.trust"}, "sync import": {"own.pack"}, "district enrol": {"own.enrol", "neighbour.enrol"},
    "district intake": {"own.batch", "neighbour.batch"},
}  # fmt: skip
"""Good files of the right kind, which are taken (again)."""
FOREIGN = [(name, file) for name, reads in COMMANDS.items() for file in reads.foreign if file not in HARMLESS.get(name, ())]
STRICT = ("sync trust", "sync import", "district enrol", "district intake")
"""Commands whose files are signed: not one bit of them may be another."""
MAY_BE_READ = {
    *((name, kind) for name in ("supplies import", "visits sheet") for kind in ("half", "its end missing", "its start missing")),
    *((name, "twice") for name in ("people import", "supplies import", "visits sheet")),
}
"""What is left of a text is a shorter text, and what stands twice in it is read twice; a zip's beginning counts for nothing."""


# --- what must hold -----------------------------------------------------------------------------------------------------------


@cache
def sentences(language: str) -> list[re.Pattern[str]]:
    """Every sentence of the catalogues, its fields open; words and bare fields left out, for they would fit anything."""
    found = []
    for file in sorted(asset("i18n", language, "LC_MESSAGES").glob("*.po")):
        with file.open("rb") as source:
            for message in read_po(source):
                for text in [message.string] if isinstance(message.string, str) else list(message.string):
                    parts = re.split(r"\{[^}]*\}", text)
                    if message.id and len("".join(parts)) >= 5:
                        found.append(re.compile(".*?".join(" *".join(map(re.escape, part.split())) for part in parts), re.DOTALL))
    assert len(found) > 100
    return found


def check_sentence(line: str, language: str) -> None:
    """``line`` is a sentence of ours in ``language``, with nothing in it that an exception would say."""
    assert any(sentence.fullmatch(line) for sentence in sentences(language)), line
    assert not re.search(r"Traceback|Error\b|Exception|Errno|0x[0-9a-f]{6}", line), line
    if language == "zh":
        assert re.search("[\u4e00-\u9fff]", line), line
        assert not re.search(r"[A-Za-z]{3,} [A-Za-z]{2,}", line), f"English in a Chinese sentence: {line}"


def state(folder: Path) -> str:
    """The bytes of everything that lasts in a data folder, as one hash."""
    whole = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix not in (".lock", ".holder", ".ballast"):  # the ballast is made whenever it is missing
            whole.update(path.name.encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def call(*arguments: str) -> Result:
    return CliRunner().invoke(group, list(arguments), catch_exceptions=False)


def check_refused(house: House, reads: Reads, file: Path, language: str = "zh", code: int = 3) -> str:
    """The command refuses ``file`` as it should; what it says."""
    before = state(house.station), state(house.district)
    result = call(*reads.arguments(house, file, language))
    assert (state(house.station), state(house.district)) == before, "something was changed"
    assert result.exit_code == code, (result.exit_code, result.output)
    (line,) = result.stderr.splitlines()
    check_sentence(line, language)
    if "intake" not in reads.line:  # which says it for each file, too
        assert result.stdout == ""
    return line


@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_bad_file_gets_one_sentence_and_changes_nothing(
    house: House, tmp_path: Path, name: str, kind: str, tally: Tally
) -> None:
    reads = COMMANDS[name]
    file = tmp_path / f"名单 {reads.good}"
    CONTENTS[kind](file, house.good(reads.good).read_bytes())
    tally.tried = 1
    if (name, kind) in MAY_BE_READ:
        _check_read_or_refused(house, reads, file)
    else:
        check_refused(house, reads, file)


def _check_read_or_refused(house: House, reads: Reads, file: Path) -> None:
    """Changed text may still be a list: then it is read as any other, else it is refused as any other.

    Looked at in advance where the command can, so that good lists do not pile up in the house.
    """
    advance = replace(reads, line=(*reads.line, "--preview")) if reads.line[1] == "import" else reads
    before = state(house.station)
    result = call(*advance.arguments(house, file))
    if result.exit_code == 0:
        assert result.stderr == ""
        return
    assert result.exit_code in (2, 3), result.output  # 2: an hour or a number in it that cannot be
    (line,) = result.stderr.splitlines()
    check_sentence(line, "zh")
    assert state(house.station) == before
    if result.exit_code == 3 and advance != reads:
        assert check_refused(house, reads, file) == line


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in COMMANDS for kind in PLACES if (name, kind) != ("district intake", "folder")]
)
def test_where_no_file_is_to_be_read_one_sentence_says_so(
    house: House, tmp_path: Path, name: str, kind: str, tally: Tally
) -> None:
    reads = COMMANDS[name]
    file = tmp_path / f"名单 {reads.good}"
    PLACES[kind](file, house.good(reads.good).read_bytes())
    tally.tried = 1
    line = check_refused(house, reads, file, code=3)
    assert file.name in line


@pytest.mark.parametrize(("name", "file"), FOREIGN)
def test_a_good_file_of_another_kind_or_of_other_people_is_refused(house: House, name: str, file: str, tally: Tally) -> None:
    tally.tried = 1
    check_refused(house, COMMANDS[name], house.good(file))


@pytest.mark.parametrize("name", COMMANDS)
def test_flipped_bits_and_cuts_anywhere(
    house: House, tmp_path: Path, name: str, chance: random.Random, tally: Tally
) -> None:
    reads = COMMANDS[name]
    good = house.good(reads.good).read_bytes()
    file = tmp_path / reads.good
    for number in range(scale(500, 30)):
        changed = bytearray(good)
        if number % 4:
            changed[chance.randrange(len(good))] ^= 1 << chance.randrange(8)
        else:
            del changed[chance.randrange(1, len(good)) :]
        file.write_bytes(changed)
        tally.tried += 1
        if name in STRICT:
            check_refused(house, reads, file)
        else:
            _check_read_or_refused(house, reads, file)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_same_in_english(house: House, tmp_path: Path, name: str, chance: random.Random, tally: Tally) -> None:
    reads = COMMANDS[name]
    file = tmp_path / reads.good
    for kind in chance.sample([kind for kind in CONTENTS if (name, kind) not in MAY_BE_READ], 4):
        CONTENTS[kind](file, house.good(reads.good).read_bytes())
        tally.tried += 1
        check_refused(house, reads, file, "en")
        file.unlink()


def test_one_bad_file_does_not_hold_back_the_others(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    for number, make in enumerate(CONTENTS.values()):
        make(folder / f"YQ-20260717-{number}.batch", house.good("own.batch").read_bytes())
    (folder / "ZZ-20260717-1.batch").write_bytes(house.good("own.batch").read_bytes())
    for path in folder.iterdir():  # written long enough ago that nobody is still at it
        os.utime(path, (1_700_000_000, 1_700_000_000))
    line = ["--data", str(house.district), "--lang", "zh", "district"]
    result = call(*line, "watch", str(folder), "--rounds", "1")
    assert result.exit_code == 0
    said = result.stderr.splitlines()
    assert len(said) == len(CONTENTS) + 1
    for told in said[:-1]:
        check_sentence(told.partition(": ")[2], "zh")
    result = call(*line, "intake", *map(str, sorted(folder.iterdir())))
    assert (result.exit_code, len(result.stdout.splitlines())) == (3, len(CONTENTS) + 1)
    assert "ZZ-20260717-1" in result.stdout.splitlines()[-1]


# --- as a program of its own --------------------------------------------------------------------------------------------------

MOST_MEMORY = 400 * 1024
"""KiB, of the program and of its worker each."""


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("people import", "bomb"), ("people import", "3 GB"), ("supplies import", "deep JSON"), ("sync trust", "deep JSON"),
        ("sync import", "3 GB"), ("district intake", "30 MB of zeros"), ("district intake", "noise"),
    ],
)  # fmt: skip
def test_as_a_program_with_no_more_memory_than_a_desk_has(house: House, tmp_path: Path, name: str, kind: str, tally: Tally) -> None:
    reads = COMMANDS[name]
    file = tmp_path / reads.good
    CONTENTS[kind](file, house.good(reads.good).read_bytes())
    before = state(house.station), state(house.district)
    code, said, memory = _run(house, reads, file, tmp_path)
    assert code == 3, said
    (line,) = said.splitlines()
    check_sentence(line, "zh")
    assert (state(house.station), state(house.district)) == before
    assert memory < MOST_MEMORY
    tally.tried = 1


def _run(house: House, reads: Reads, file: Path, place: Path) -> tuple[int, str, int]:
    """Exit code and standard error of the program, and the most memory it or its worker had in KiB (0 where nobody tells)."""
    command = [sys.executable, "-m", "station_app", *reads.arguments(house, file)]
    around = os.environ | {"PYTHONPATH": str(ROOT), "STATION_PASSWORD": PASSWORD}
    said = place / "said"
    with said.open("wb") as errors:
        program = subprocess.Popen(command, env=around, stdout=subprocess.DEVNULL, stderr=errors)
        if sys.platform == "linux":
            _, status, used = os.wait4(program.pid, 0)
            program.returncode = os.waitstatus_to_exitcode(status)
            memory = used.ru_maxrss
        else:
            program.wait()
            memory = 0
    return program.returncode, said.read_text("utf-8"), memory


# --- negative controls: each protection taken out has to be noticed -----------------------------------------------------------


def test_a_signature_nobody_looks_at_is_caught(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tally: Tally
) -> None:
    good = house.good("own.trust").read_bytes()
    file = tmp_path / "own.trust"
    file.write_bytes(good.replace(b"2026-07-17T", b"2026-07-16T", 1))
    assert file.read_bytes() != good
    check_refused(house, COMMANDS["sync trust"], file)
    monkeypatch.setattr(identity, "_check", lambda *_: None)
    with pytest.raises(AssertionError, match="something was changed"):
        check_refused(house, COMMANDS["sync trust"], file)
    tally.control("unsigned", caught=True)


def test_a_command_that_writes_before_it_looks_is_caught(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tally: Tally
) -> None:
    look = intake.open_file

    def hasty(db: Database, path: Path, opener: Opener) -> Opened:
        with db.transact(Op.SETTING) as tx:
            tx.set_meta("looked_at", path.name)
        return look(db, path, opener)

    monkeypatch.setattr(intake, "open_file", hasty)
    (tmp_path / "x.batch").write_bytes(b"hello")
    with pytest.raises(AssertionError, match="something was changed"):
        check_refused(house, COMMANDS["district intake"], tmp_path / "x.batch")
    tally.control("hasty", caught=True)


@pytest.mark.parametrize("said", ["Permission denied", "[Errno 5]"])
def test_the_systems_own_words_in_a_chinese_sentence_are_caught(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tally: Tally, said: str
) -> None:
    def sick(path: Path, _cap: int) -> bytes:
        raise Refused("sync_files.not_read", name=path.name, reason=said)

    monkeypatch.setattr(carry, "read_file", sick)
    with pytest.raises(AssertionError):
        check_refused(house, COMMANDS["sync trust"], tmp_path / "x.trust")
    tally.control("foreign words", caught=True)

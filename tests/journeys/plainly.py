"""A whole working life of a station in a process of its own, stopping again and again to be searched for what it must not spill.

``python -m tests.journeys.plainly FOLDER [leaky]``: before each stop it writes a line of JSON to standard output (the stage, and every
secret there is so far as hex) and waits for a line on standard input. ``leaky`` spills in every way of LEAKS: the search has to notice.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt

from station_app import app, vault
from station_app.backup import Reason
from station_app.district import intake, store
from station_app.model import Consent, Occupation, RequestState, Verdict
from station_app.paper import keys
from station_app.paths import DataFolder
from station_app.services import backups, exchange, incidents, keeping, people, requests, stations
from station_app.sync import outbox
from station_app.sync.opening import Opener
from station_app.ui import actions
from station_app.ui.hands import Hands
from station_app.ui.main_window import MainWindow
from station_app.ui.mishap import Mishaps, keep_log
from station_app.ui.pages.people import PeoplePage
from station_app.ui.pages.people_sheets import HeldSheet
from tests.conftest import CHEAP, SAMPLE

NAME, PHONE = "冼植标廿", "13871620459"
OTHER, OTHER_PHONE = "尉迟彧骧", "13871629954"
WORDS, PLACE, NOTE = "电瓶被偷三次没人管", "桔梗巷七号后门", "已约片区民警周三上门"
PASSWORD, PIN = "correct-horse-zu-hause-88", "473915"
KEEPER = "令狐小满"
THING = "紫貂皮夹克一件"
TYPED = (NAME, PHONE, OTHER, OTHER_PHONE, WORDS, PLACE, NOTE, PASSWORD, PIN, KEEPER)

Leak = Callable[["Life"], None]


class Life:
    """The station, its window, and what has to stay secret."""

    def __init__(self, folder: Path, *, leaky: bool) -> None:
        self.data, self.stick, self.leaky = DataFolder(folder / "data"), folder / "stick", leaky
        self.stick.mkdir()
        self.known: set[bytes] = {text.encode() for text in TYPED}
        self.db, _ = stations.set_up(self.data.path, SAMPLE, KEEPER, PASSWORD, PIN, cost=CHEAP)
        self.root, _ = vault.unlock(self.data.slots, PASSWORD)
        self.window: MainWindow | None = None

    # --- stopping to be searched --------------------------------------------------------------------------------------

    def stop(self, stage: str) -> None:
        """Tell every secret and wait."""
        if self.leaky and stage == "at work":
            for leak in LEAKS.values():
                leak(self)
        self.known |= self._secrets()
        print(json.dumps({"stage": stage, "secrets": sorted(secret.hex() for secret in self.known)}), flush=True)
        sys.stdin.readline()

    def _secrets(self) -> set[bytes]:
        """The keys in the store, and what opens it."""
        found = {bytes.fromhex(self.db.key), self.root._secret}
        found |= {row["secret"] for row in self.db.rows("SELECT secret FROM subject_key")}
        return found | {row["content"] for row in self.db.rows("SELECT content FROM secret")}

    # --- what a station does ------------------------------------------------------------------------------------------

    def work(self) -> None:
        """Everything once, by window, paper and stick."""
        app.application(offscreen=True)
        keep_log(DataFolder(self.db.path.parent).log)
        mishaps = Mishaps()
        sys.excepthook = mishaps.caught
        window = self.window = app.window(self.db, backups=True)
        hands = Hands(window, lambda: window.idle, window.catcher)
        window.show()
        hands.until(lambda: window.tended)
        first = self._registered(hands, NAME, PHONE)
        self._registered(hands, OTHER, OTHER_PHONE)
        self._paper(hands, first)
        self._requests(hands, first)
        self._roster(hands)
        self._keys_on_paper()
        self._found_and_lost()
        keeping.keep(self.db, Reason.MANUAL, second=self.stick / "second")
        self._carry()
        sys.excepthook(
            ValueError, ValueError(f"{NAME} {PHONE}"), None
        )  # a fault of ours that had a person in its words
        assert mishaps.shown is not None
        mishaps.shown.close()
        window.activateWindow()  # where there is no desktop every new window takes the keys
        self.stop("at work")
        window.lock()
        hands.settle()
        self.stop("locked")
        hands.type(PIN)
        hands.key(Qt.Key.Key_Return)
        assert not window.locked
        actions.erase_person(window.jobs, first, lambda _done: None)
        hands.settle()
        keeping.keep(self.db, Reason.MANUAL)
        self._carry()
        self.stop("forgotten")
        window.close()
        self.stop("window closed")
        self.db.close()
        self._restored()
        self.stop("restored")
        self.db.close()
        self.stop_closed()

    def stop_closed(self) -> None:
        """The last look, at a station nobody has open."""
        print(json.dumps({"stage": "closed", "secrets": sorted(secret.hex() for secret in self.known)}), flush=True)
        sys.stdin.readline()

    def _registered(self, hands: Hands, name: str, phone: str) -> str:
        made: list[Any] = []
        jobs = hands.window.jobs  # type: ignore[attr-defined]
        actions.register(jobs, Occupation.RIDER, "飞鹿外卖", name, phone, Consent.DISTRICT, made.append, made.append)
        hands.settle()
        return str(made[0][0].id)

    def _paper(self, hands: Hands, person: str) -> None:
        """A badge and the sheet of what is held, drawn as for a printer; no viewer is opened."""
        assert self.window is not None
        self.window.go("people", person)
        page = self.window.page("people")
        assert isinstance(page, PeoplePage)
        page._show_file = lambda _path: False
        hands.settle()
        page._print_shown()
        hands.settle()
        page._tell_held()
        hands.settle()
        (sheet,) = self.window.findChildren(HeldSheet)
        sheet.print_asked.emit()
        hands.settle()

    def _requests(self, hands: Hands, person: str) -> None:
        request, _ = requests.add(self.db, WORDS, person_id=person, place=PLACE, contact=PHONE)
        requests.step(self.db, request.id, RequestState.REPLIED, note=NOTE)
        requests.step(self.db, request.id, RequestState.TOLD, verdict=Verdict.FIXED)
        requests.add(self.db, WORDS[::-1], person_id=person)
        self.known.add(WORDS[::-1].encode())

    def _roster(self, hands: Hands) -> None:
        """A list from the keeper's own stick, through the wizard."""
        assert self.window is not None
        file = self.stick / "名册.csv"
        names = [f"单于{last}翯" for last in "鸾鸢鸶"]
        rows = [f"{name},外卖骑手,1387162{place:04d},是" for place, name in enumerate(names, start=8301)]
        file.write_text("\n".join(["姓名,人员类别,手机号,同意告知书", *rows]), "gb18030")
        self.known |= {name.encode() for name in names}
        page = self.window.page("people")
        assert isinstance(page, PeoplePage)
        page.open_list(file)
        hands.settle()
        assert page.wizard is not None
        page.wizard.run()
        hands.settle()
        file.unlink()
        assert people.count(self.db) == 5

    def _keys_on_paper(self) -> None:
        """A recovery sheet and a start card: printed, put away, and gone again before anybody looks."""
        folder = self.data.path / "print"
        sheet, card = folder / "recovery-1.pdf", folder / "start-card-1.pdf"
        keys.print_recovery(self.db, self.root, sheet)
        made, _ = keys.print_start_card(self.db, self.root, card)
        self.known |= {made.digits.encode(), _recovery_digits(sheet).encode()}
        sheet.unlink()
        card.unlink()

    def _found_and_lost(self) -> None:
        """Words that stand in no form of a person."""
        thing, _ = incidents.found(self.db, THING, place=PLACE, note=THING[::-1])
        self.known |= {THING.encode(), THING[::-1].encode()}
        assert thing.number == 1

    def _carry(self) -> None:
        """To the district by stick, read by the worker."""
        home = self.stick.parent / "district"
        if home.exists():
            district = store.open_district(home, PASSWORD)
        else:
            district = store.set_up(home, "990101", "云桥区", KEEPER, PASSWORD, cost=CHEAP)
            store.enrol(district, outbox.enrol(self.db, self.stick).path)
            outbox.trust(self.db, outbox.read_trust(store.introduce(district, self.stick).path))
        with closing(district), Opener() as opener:
            if exchange.waiting(self.db):
                exported, _ = outbox.export(self.db, self.stick)
                intake.receive(district, intake.open_file(district, exported.path, opener))
            self.known.add(bytes.fromhex(district.key))

    def _restored(self) -> None:
        from station_app import backup

        oldest = backup.listing(self.data.path / backup.FOLDER)[-1]
        backups.restore(self.data, oldest, self.data.slots, self.root)
        self.db = stations.open_station(self.data.path, PASSWORD)


def _recovery_digits(sheet: Path) -> str:
    """All digits of the key on a recovery sheet, off its QR code."""
    import zxingcpp
    from PIL import Image

    from station_app.paper import preview

    (page,) = preview.pages(sheet, 150)
    image = Image.frombuffer("RGB", (page.width, page.height), page.rgb, "raw", "RGB", page.stride, 1)
    (found,) = (one.text for one in zxingcpp.read_barcodes(image) if one.valid)
    assert len(found) == vault.RECOVERY_DIGITS
    return found


# --- spilling on purpose -------------------------------------------------------------------------------------------------


def _to_log(life: Life) -> None:
    logging.getLogger("station_app").error("no badge for %s", NAME)


def _to_deleted_file(life: Life) -> None:
    file = tempfile.TemporaryFile()  # noqa: SIM115  it stays open, and on Linux it has no name any more
    file.write(WORDS.encode("utf-16-be"))
    file.flush()
    KEPT.append(file)


def _to_temporary_folder(life: Life) -> None:
    Path(tempfile.gettempdir(), "preview.tmp").write_bytes(b"\0" * 900 + PHONE.encode("utf-16-le"))


def _key_beside_a_backup(life: Life) -> None:
    (life.data.path / "backups" / "note.txt").write_text(f"key = {life.db.key}", "ascii")


def _subject_key_in_the_anchor(life: Life) -> None:
    import base64

    (secret,) = life.db.rows("SELECT secret FROM subject_key LIMIT 1")
    life.data.anchor.write_bytes(b'{"x": "' + base64.b64encode(b"ab" + secret["secret"]) + b'"}')


def _plain_copy(life: Life) -> None:
    copy = life.data.path / "export.db"
    life.db._writer.execute("ATTACH ? AS plain KEY ''", (str(copy),))
    life.db._writer.execute("SELECT sqlcipher_export('plain')")
    life.db._writer.execute("DETACH plain")


def _compressed(life: Life) -> None:
    import zlib

    (life.data.path / "cache.bin").write_bytes(b"head" + zlib.compress((NAME * 40).encode("gb18030")))


KEPT: list[Any] = []
LEAKS: dict[str, Leak] = {
    "data/station.log": _to_log, "open:": _to_deleted_file, "tmp/preview.tmp": _to_temporary_folder,
    "data/backups/note.txt": _key_beside_a_backup, "data/station.anchor": _subject_key_in_the_anchor,
    "data/export.db": _plain_copy, "data/cache.bin": _compressed,
}  # fmt: skip
"""Ways to spill, by the place where it is to be found."""


if __name__ == "__main__":
    Life(Path(sys.argv[1]), leaky=sys.argv[2:] == ["leaky"]).work()

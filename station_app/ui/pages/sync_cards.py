"""The two cards at the top of the page 上报: what goes to the district, what comes back from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ...errors import StationError
from ...paths import Volume
from ...sync.identity import Trust
from ...words import t
from .. import when
from ..feedback import ErrorStrip, ProgressStrip, announce, sentence
from ..kit import Button, Card, Column, FlowLayout, KeyCap, Notice, Row, Text, clear
from ..tiles import Tile
from . import sync_text
from .sync_reads import Desk, Offer


class Targets(QWidget):
    """Where to write: a tile for every stick that is plugged in, and one for a folder."""

    chosen = Signal(object)
    folder_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(10)
        self.tiles: dict[Path | None, Tile] = {}
        self.volumes: tuple[Volume, ...] = ()
        self.folder: Path | None = None
        self.target: Path | None = None
        self._draw()

    def show_places(self, volumes: Sequence[Volume], folder: Path | None) -> None:
        """Show these sticks and the remembered folder; a stick just plugged in is chosen."""
        before = {volume.path for volume in self.volumes}
        fresh = [volume.path for volume in volumes if volume.path not in before]
        changed = (tuple(volumes), folder) != (self.volumes, self.folder)
        self.volumes, self.folder = tuple(volumes), folder
        there = {volume.path for volume in volumes} | ({folder} if folder else set())
        if fresh:
            self.target = fresh[-1]
        elif self.target not in there:
            self.target = volumes[-1].path if volumes else folder
        if changed:
            self._draw()
        self._mark()

    def choose(self, place: Path) -> None:
        """Choose one of the places shown."""
        self.target = place
        self._mark()
        self.chosen.emit(place)

    def is_stick(self) -> bool:
        """Whether the chosen place is one that will be unplugged."""
        return any(volume.path == self.target for volume in self.volumes)

    def take_focus(self) -> None:
        """Put the focus on the chosen tile."""
        tile = self.tiles.get(self.target) or self.tiles[None if self.folder is None else self.folder]
        tile.setFocus(Qt.FocusReason.OtherFocusReason)

    def _draw(self) -> None:
        had_focus = any(tile.hasFocus() for tile in self.tiles.values())
        clear(self._row)
        self.tiles = {}
        for volume in self.volumes:
            line = t("sync_desk.free", room=sync_text.room(volume.free))
            self._add(volume.path, Tile("usb", t("sync_desk.stick", name=volume.name), line))
        if self.folder is None:
            self._add(None, Tile("folder", t("sync_desk.choose_folder"), t("sync_desk.folder_line")))
        else:
            self._add(self.folder, Tile("folder", sync_text.where(str(self.folder)), str(self.folder)))
        if had_focus:
            self.take_focus()

    def _add(self, place: Path | None, tile: Tile) -> None:
        tile.setCheckable(True)
        tile.clicked.connect(lambda _checked=False, place=place: self._pressed(place))
        self.tiles[place] = tile
        self._row.addWidget(tile, 1)

    def _pressed(self, place: Path | None) -> None:
        """The folder asks for another one when it was chosen already."""
        again = place is not None and place == self.target and place == self.folder
        self._mark()
        if place is None or again:
            self.folder_wanted.emit()
        else:
            self.choose(place)

    def _mark(self) -> None:
        for place, tile in self.tiles.items():
            tile.setChecked(place is not None and place == self.target)


class OutCard(Card):
    """What waits, where it goes, how far it is; before joining, the station's introduction."""

    go = Signal()
    cancelled = Signal()
    other_folder = Signal()
    by_light = Signal()

    def __init__(self) -> None:
        self.key = KeyCap("Ctrl+E")
        super().__init__(gap=8)
        self._title = Text("", "heading")
        self.head.addWidget(self._title)
        self.head.addStretch(1)
        self.head.addWidget(self.key)
        self.body.insertLayout(0, self.head)
        self.number, self.unit = Text("", "figure"), Text("")
        self.kinds, self.packed = Text("", "muted", wrap=True), Text("", "small", wrap=True)
        self.join_title, self.join_help = Text(t("sync_desk.join_out_title"), "strong"), Text("", "muted", wrap=True)
        self.join_help.set(t("sync_desk.join_out_help"))
        self.fingerprint = Text("", "title", selectable=True, wrap=True)
        self.targets = Targets()
        self.targets.folder_wanted.connect(self.other_folder)
        self.button = Button("", "primary", icon="export")
        self.button.clicked.connect(self.go)
        self.another = Button(t("sync_desk.choose_folder"), icon="folder")
        self.another.clicked.connect(self.other_folder)
        self.light = Button(t("codes.open"), "link")
        self.light.clicked.connect(self.by_light)
        self.progress, self.errors, self.done = ProgressStrip(), ErrorStrip(), Text("", "good", wrap=True)
        self.progress.cancelled.connect(self.cancelled)
        self.done.hide()
        figure = Row(self.number, self.unit, None, gap=10)
        figure.setAlignment(self.unit, Qt.AlignmentFlag.AlignBottom)
        self._count, self._join = QWidget(), QWidget()
        self._count.setLayout(Column(figure, self.kinds, self.packed, gap=4))
        self._join.setLayout(
            Column(
                self.join_title, self.join_help, Text(t("sync_desk.our_fingerprint"), "small"), self.fingerprint, gap=4
            )
        )
        for part in (self._count, self._join, self.targets, self.progress, self.errors, self.done):
            self.body.addWidget(part)
        self._buttons = QWidget()
        self._buttons.setLayout(Column(Row(self.button, self.another, None), Row(self.light, None), gap=4))
        self.body.addWidget(self._buttons)
        self.body.addStretch(1)

    def show_desk(self, desk: Desk) -> None:
        """Show what waits, or the first step of joining."""
        joined, status = desk.district is not None, desk.status
        self._title.set(t("sync_desk.out") if joined else t("sync_desk.join_out"))
        self.button.set_text(t("sync_desk.export") if joined else t("sync_desk.join"))
        self._count.setVisible(joined)
        self._join.setVisible(not joined)
        self.fingerprint.set(
            _breakable(desk.fingerprint) or t("sync_desk.no_fingerprint"), "title" if desk.fingerprint else "muted"
        )
        self.number.set(f"{status.local:,}")
        self.unit.set(t("sync_desk.waiting", n=status.local))
        since = t("sync_desk.since", day=when.date_only(status.since, desk.today)) if status.since else ""
        told = f"{sync_text.kinds(status.by_table)}　{since}".strip()
        self.kinds.set(told if status.local else t("sync_desk.all_out") if desk.batches else "")
        packed = t("sync_desk.packed", n=status.packed) if status.packed else ""
        pictures = t("sync_desk.pictures", n=desk.pictures) if desk.pictures else ""
        self.packed.set(" ".join(filter(None, [packed, pictures])))
        self.packed.setVisible(bool(packed or pictures))
        self.another.setVisible(desk.folder is not None)
        self.light.setVisible(joined and status.local + status.packed > 0)

    def begin(self) -> None:
        """Writing began."""
        self.errors.clear()
        self.done.hide()
        self._buttons.hide()
        self.progress.start(t("sync_desk.writing"))

    def advance(self, done: int, total: int) -> None:
        """How far it is, in KB, the reading back counted too."""
        self.progress.advance(-(-done // 1024), -(-total // 1024))

    def end(self, text: str = "", error: StationError | None = None) -> None:
        """It is over: well, with ``text``; or with what went wrong."""
        self.progress.finish()
        self._buttons.show()
        self.done.set(text)
        self.done.setVisible(bool(text))
        if text:
            announce(self.done, text)
        if error is not None:
            self.errors.show_error(error)


class InCard(Card):
    """What the stick holds for this station, offered before it is taken in; before joining, the district's introduction."""

    take = Signal()
    choose = Signal()
    trusted = Signal(object)
    distrusted = Signal()
    see_requests = Signal()
    see_rules = Signal()

    def __init__(self) -> None:
        super().__init__(gap=8)
        self._title, self._headline = Text("", "heading"), Text("", "strong")
        self.head.addWidget(self._title)
        self.head.addStretch(1)
        self.head.addWidget(KeyCap("Ctrl+I"))
        self.body.insertLayout(0, self.head)
        self._help = Text("", "muted", wrap=True)
        self._place = Column(gap=8)
        self.errors, self.done = ErrorStrip(), Text("", "good", wrap=True)
        self.done.hide()
        self.notice: Notice | None = None
        self.fingerprint = ""
        self.same: Button | None = None
        self.different: Button | None = None
        self.button = Button(t("sync_desk.choose_file"), icon="file")
        self.button.clicked.connect(self.choose)
        self.requests = Button(t("sync_desk.to_requests"), "link")
        self.requests.clicked.connect(self.see_requests)
        self.requests.hide()
        self.rules = Button(t("station_rules.button"), icon="rules", key="Ctrl+R")
        self.rules.clicked.connect(self.see_rules)
        for part in (self._headline, self._help):
            self.body.addWidget(part)
        self.body.addLayout(self._place)
        self.body.addWidget(self.errors)
        self.body.addWidget(self.done)
        deeds = FlowLayout(8, row_gap=8)  # in large type they stand below each other
        for button in (self.button, self.rules, self.requests):
            deeds.addWidget(button)
        self.body.addLayout(deeds)
        self.body.addStretch(1)

    def show_desk(self, desk: Desk) -> None:
        """Say what this card is for now."""
        joined = desk.district is not None
        self._title.set(t("sync_desk.in") if joined else t("sync_desk.join_in"))
        self._headline.set(t("sync_desk.in_title") if joined else t("sync_desk.join_in_title"))
        self._help.set(t("sync_desk.in_help") if joined else t("sync_desk.join_in_help"))
        self.rules.setVisible(joined)

    def empty(self) -> None:
        """Nothing is offered."""
        clear(self._place)
        self.notice, self.same, self.different, self.fingerprint = None, None, None, ""

    def tell(self, text: str) -> None:
        """Something that is only to be known."""
        self.empty()
        self._place.addWidget(Text(text, "muted", wrap=True))

    def offer(self, offer: Offer) -> None:
        """A pack and what is in it."""
        brings = t("terms.dot").join(p for p in (sync_text.offered(offer), sync_text.missing(offer.missing)) if p)
        self._put(t("sync_desk.found", name=offer.path.name, brings=brings), t("sync_desk.take"))

    def offer_trust(self, path: Path) -> None:
        """The district's introduction lies on the stick."""
        self._put(t("sync_desk.trust_found", name=path.name), t("sync_desk.see_trust"))

    def ask(self, told: Trust) -> None:
        """Whose introduction it is; the keeper compares the fingerprint."""
        self.empty()
        self.errors.clear()
        self.fingerprint = told.fingerprint
        self.same = Button(t("sync_desk.same"), "primary")
        self.same.clicked.connect(lambda: self.trusted.emit(told))
        self.different = Button(t("sync_desk.different"), "danger")
        self.different.clicked.connect(self.distrusted)
        self._place.addWidget(Text(t("sync_desk.trust_says", name=told.name, code=told.district), wrap=True))
        self._place.addWidget(Text(_breakable(told.fingerprint), "title", selectable=True, wrap=True))
        self._place.addLayout(Row(self.same, self.different, None))
        for button in (self.same, self.different):
            button.show()  # the layout would show them a moment later, and what is not shown takes no focus
        self.different.setFocus(Qt.FocusReason.OtherFocusReason)

    def refuse(self, error: StationError, name: str = "") -> None:
        """Why a file was not taken; nothing changed."""
        self.empty()
        self.done.hide()
        reason = sentence(error)
        self.errors.show_text(
            reason if not name or name in reason else t("sync_desk.bad_pack", name=name, reason=reason)
        )

    def finish(self, text: str, *, answers: bool = False) -> None:
        """It was taken in."""
        self.empty()
        self.errors.clear()
        self.done.set(text)
        self.done.show()
        announce(self.done, text)
        self.requests.setVisible(answers)

    def _put(self, text: str, action: str) -> None:
        self.empty()
        self.errors.clear()
        self.done.hide()
        self.requests.hide()
        self.notice = Notice(text, "attention", icon="usb", action=action, key="Ctrl+I")
        self.notice.acted.connect(self.take)
        self._place.addWidget(self.notice)


def _breakable(fingerprint: str) -> str:
    """A fingerprint that may go on in the next line after each group."""
    return fingerprint.replace("-", "-\u200b")

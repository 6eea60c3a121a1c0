"""打印间: badges that wait to be printed, the poster, labels for supplies, the sheet for a printer's offset; seen before printed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from ... import settings
from ...db import Database
from ...errors import StationError
from ...model import Changes, Op
from ...paper.manner import offset_of
from ...services import preferences, prints
from ...sync.opening import Opener
from ...words import t
from .. import print_out
from ..aside import Aside
from ..feedback import ProgressStrip
from ..forms import ChoiceField, LineField
from ..jobs import Progress
from ..kit import Button, Card, Column, FilterTabs, Row, Scroll, Text, page_layout
from ..page import Page, Shell
from ..pictures import Large, choose_pictures
from ..printing import Show, open_file, place_for, tell_shown
from .prints_draw import FORMS, KINDS, LABELS, MOST_SHOWN, Room, Wish, draw, picture, read_room

LEFT = 470


@dataclass(frozen=True, slots=True)
class Drawn:
    """A PDF that was drawn, and whose badges are on it."""

    path: Path
    people: list[str]


class PrintPage(Page):
    """The choices at the left, the page as it will come out at the right; Ctrl+P prints, Ctrl+S keeps a PDF."""

    name: ClassVar[str] = "print"
    tables: ClassVar[frozenset[str]] = frozenset({"badge", "badge_waiting", "person", "identity", "item", "emblem", "station", "erasure"})

    def __init__(self, shell: Shell, *, show: Show = open_file, printers: Callable[[], bool] = print_out.printers) -> None:
        super().__init__(shell)
        self._show_file, self._printers = show, printers
        self._room: Room | None = None
        self._number = self._pages = 0
        self._under_way: Progress | None = None
        self._opener: Opener | None = None
        self._aside = Aside(self)
        self.tabs = FilterTabs([(kind, t(f"prints.kind_{kind}")) for kind in KINDS])
        self.form = ChoiceField("form", t("prints.form"), [(form, t(f"prints.form_{form}")) for form in FORMS], keys=True, required=False)
        self.back = ChoiceField("back", t("prints.back"), [("1", t("settings.on")), ("0", t("settings.off"))], required=False)
        colours = [(one, t(f"prints.colour_{one}")) for one in settings.BADGE_COLOUR.choices]
        self.colour = ChoiceField("colour", t("prints.colour"), colours, required=False)
        self.offset = LineField("offset", t("prints.offset"), hint=t("prints.offset_hint"))
        self.link = LineField("link", t("prints.link"), hint=t("prints.link_hint"))
        self.logo, self.no_logo = Button(t("prints.logo"), icon="picture"), Button(t("prints.no_logo_more"), "link")
        self.told = Text("", "muted", wrap=True)
        self.print_button = Button(t("prints.print"), "primary", icon="print", key="Ctrl+P")
        self.save_button = Button(t("prints.save"), icon="export", key="Ctrl+S")
        self.done_button = Button(t("prints.done"), icon="check", key="Ctrl+Enter")
        self.strip = ProgressStrip()
        self.large = Large()
        self.pager = Text("", "muted")
        self._build()
        self._connect()

    # --- building ------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        choices = Card(
            self.told, self.form, self.back, self.offset, self.link, self.colour, Row(self.logo, self.no_logo, None),
            Row(self.print_button, self.save_button, None, gap=8), Row(self.done_button, None), gap=10, title=t("prints.title"),
        )  # fmt: skip
        inside = QWidget()
        inside.setLayout(Column(choices, None))
        left = QWidget()
        left.setFixedWidth(LEFT)
        left.setLayout(Column(self.strip, Scroll(inside), gap=6))
        right = Card(self.large, gap=8, title=t("prints.preview"), aside=self.pager)
        both = Row(gap=16)
        both.addWidget(left)
        both.addWidget(right, 1)
        page_layout(self, self.tabs, both, gap=10)
        for part in (self.colour, self.logo, self.no_logo):
            part.setVisible(self.may(Op.SETTING))

    def _connect(self) -> None:
        self.tabs.chosen.connect(self._chosen)
        self.form.changed.connect(lambda: self._keep(settings.PRINT_FORM.name, self.form.value()))
        self.back.changed.connect(lambda: self._keep(settings.PRINT_BACK.name, self.back.value()))
        self.colour.changed.connect(lambda: self._keep(settings.BADGE_COLOUR.name, self.colour.value()))
        self.offset.entered.connect(lambda: self._keep_offset())
        self.link.entered.connect(lambda: self._keep(settings.POSTER_LINK.name, self.link.value()))
        self.logo.clicked.connect(lambda: choose_pictures(self, self.take_logo))
        self.no_logo.clicked.connect(lambda: self.jobs.run(prints.remove_logo, lambda _done: self.shell.tell(t("prints.logo_gone"))))
        self.print_button.clicked.connect(self.print_now)
        self.save_button.clicked.connect(self.save)
        self.done_button.clicked.connect(self.mark_printed)
        self.strip.cancelled.connect(lambda: self._under_way.cancel() if self._under_way is not None else None)
        for keys, act in (
            ("Ctrl+P", self.print_now), ("Ctrl+S", self.save), ("Ctrl+Return", self.mark_printed), ("Ctrl+Enter", self.mark_printed),
            ("PgDown", lambda: self._turn(1)), ("PgUp", lambda: self._turn(-1)),
        ):  # fmt: skip
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    # --- what the window asks ------------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Whether nothing is drawn, printed or read."""
        return self._under_way is None and self._aside.idle

    def refresh(self) -> None:
        """What waits, what is set, and the page as it will come out."""
        self.jobs.read(read_room, self._show, key="print-room")

    def show_subject(self, subject: str) -> None:
        """One of the kinds."""
        if subject in KINDS:
            self.tabs.choose(subject)

    def settle(self) -> None:
        """Begin with the kinds."""
        self.tabs.setFocus(Qt.FocusReason.OtherFocusReason)

    def wind_up(self) -> None:
        """Let the worker go."""
        if self._under_way is not None:
            self._under_way.cancel()
        self._aside.close()
        if self._opener is not None:
            self._opener.close()

    # --- showing -------------------------------------------------------------------------------------------------

    def _show(self, room: Room) -> None:
        first, self._room = self._room is None, room
        for field, text in (
            (self.form, room.form), (self.back, "1" if room.back else "0"), (self.colour, room.colour),
        ):  # fmt: skip
            field.set_value(text)
        if first or not self.offset.line.hasFocus():
            self.offset.set_value(room.offset)
        if first or not self.link.line.hasFocus():
            self.link.set_value(room.link)
        self.tabs.set_texts({"badges": t("prints.kind_badges_n", n=room.waiting)})
        self._chosen(self.tabs.code())

    def _chosen(self, kind: str) -> None:
        """What can be chosen for this kind, and its page."""
        if self._room is None:
            return
        room, badges = self._room, kind == "badges"
        self.form.setVisible(badges or kind in LABELS)
        self.back.setVisible(badges and room.form in ("sheet", "single"))
        self.offset.setVisible(kind == "offset" or (badges and room.form == "sheet"))
        self.link.setVisible(kind == "poster")
        self.done_button.setVisible(badges)
        empty = (badges and not room.waiting) or (kind in LABELS and not room.labels(kind))
        for button in (self.print_button, self.save_button, self.done_button):
            button.setEnabled(not empty)
        words = {
            "badges": t("prints.waiting", n=room.waiting) if room.waiting else t("prints.nothing_waits"),
            "labels": t("prints.labels_how") if room.goods else t("labels.nothing"),
            "things": t("prints.things_how") if room.things else t("labels.nothing_lent"),
        }  # fmt: skip
        self.told.set(words.get(kind) or t(f"prints.{kind}_how"))
        self._number = 0
        if empty:
            self.large.show_image(QImage())
            self.pager.set("")
        else:
            self._draw_preview()

    def _wish(self) -> Wish:
        room = self._room
        if room is None:
            return Wish("poster", "sheet", False, (0, 0), "", "green")
        return Wish(self.tabs.code(), room.form, room.back, offset_of(room.offset), room.link, room.colour)

    def _draw_preview(self) -> None:
        wish, number, station = self._wish(), self._number, self.shell.station

        def look(db: Database) -> tuple[QImage, int]:
            path = place_for(self.shell, t("prints.file_preview"))
            draw(db, station, wish, path, most=MOST_SHOWN)
            return picture(path, number)

        self.jobs.read(look, self._show_page, self._cannot_show, key="print-preview")

    def _show_page(self, found: tuple[QImage, int]) -> None:
        image, self._pages = found
        self.large.show_image(image)
        self.pager.set(t("prints.page", page=self._number + 1, pages=self._pages))

    def _cannot_show(self, error: StationError) -> None:
        self.large.show_image(QImage())
        self.pager.set("")
        self.shell.tell_error(error)

    def _turn(self, by: int) -> None:
        wanted = min(max(self._number + by, 0), max(self._pages - 1, 0))
        if wanted != self._number:
            self._number = wanted
            self._draw_preview()

    # --- settings ------------------------------------------------------------------------------------------------

    def _keep(self, name: str, text: str) -> None:
        if self._room is not None and text != _now(self._room, name):
            self.jobs.run(lambda db: preferences.change(db, name, text), lambda _done: self.refresh(), self._not_kept)

    def _not_kept(self, error: StationError) -> None:
        self.shell.tell_error(error)
        self.refresh()

    def _keep_offset(self) -> None:
        try:
            x, y = offset_of(self.offset.value())
        except StationError as error:
            self.shell.tell_error(error)
            return
        self._keep(settings.PRINT_OFFSET.name, f"{x:g},{y:g}")

    def take_logo(self, files: Sequence[Path]) -> None:
        """A picture is drawn anew in the worker and becomes the station's mark."""
        if not files:
            return
        if self._opener is None:
            self._opener = Opener()
        opener, file = self._opener, files[0]

        def drawn(jpeg: bytes) -> None:
            self.jobs.run(lambda db: prints.set_logo(db, jpeg), lambda _done: self.shell.tell(t("prints.logo_set")))

        self._aside.do(lambda: opener.open_picture(file), drawn, self.shell.tell_error)

    # --- printing ------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Ctrl+S: a PDF, opened."""
        self._drawn(lambda made: tell_shown(self.shell, made.path, self._show_file))

    def print_now(self) -> None:
        """Ctrl+P: the system's dialog; without any printer a PDF is opened instead."""
        if not self._printers():
            self.save()
            return
        wish = self._wish()
        both = wish.back or wish.kind == "offset"
        self._drawn(lambda made: print_out.ask_printer(self, wish.paper, both, lambda chosen: self._send(chosen, made)))

    def _drawn(self, then: Callable[[Drawn], None]) -> None:
        if self._under_way is not None or not self.print_button.isEnabled():
            return
        wish, station, db = self._wish(), self.shell.station, self.jobs.db
        name = t(f"prints.file_{wish.kind}", day=f"{db.now():%Y-%m-%d-%H%M}")

        def work(progress: Progress) -> Drawn:
            path = place_for(self.shell, name)
            return Drawn(path, draw(db, station, wish, path, progress))

        def done(made: Drawn) -> None:
            self._over()
            then(made)

        self.strip.start(t("prints.drawing"))
        self._under_way = self.jobs.aside(work, self.strip.advance, done, self._broken_off)

    def _send(self, printer: object, made: Drawn) -> None:
        """To the printer that was chosen; what came out waits no longer, with a way back when it came out wrong."""

        def done(pages: int) -> None:
            self._over()
            if made.people:
                self._mark(made.people, t("prints.sent", n=pages))
            else:
                self.shell.tell(t("prints.sent", n=pages))

        self.strip.start(t("prints.printing"))
        self._under_way = self.jobs.aside(
            lambda progress: print_out.send(printer, made.path, progress), self.strip.advance, done, self._broken_off
        )

    def mark_printed(self) -> None:
        """Ctrl+Enter: what waits was printed, by the PDF that was kept for instance."""
        if self.tabs.code() == "badges" and self.done_button.isEnabled():
            self.jobs.read(lambda db: prints.waiting(db), lambda ids: self._mark(ids, t("prints.marked", n=len(ids))), key="print-mark")

    def _mark(self, ids: list[str], told: str) -> None:
        def done(_changes: Changes) -> None:
            self.shell.tell(told, t("prints.put_back"), lambda: self.jobs.run(lambda db: prints.print_again(db, ids)))

        self.jobs.run(lambda db: prints.printed(db, ids), done)

    def _over(self) -> None:
        self._under_way = None
        self.strip.finish()

    def _broken_off(self, error: StationError) -> None:
        self._over()
        self.shell.tell_error(error)


def _now(room: Room, name: str) -> str:
    """What a setting of the room is now."""
    return {
        settings.PRINT_FORM.name: room.form, settings.PRINT_BACK.name: "1" if room.back else "0", settings.BADGE_COLOUR.name: room.colour,
        settings.PRINT_OFFSET.name: room.offset, settings.POSTER_LINK.name: room.link,
    }[name]  # fmt: skip

"""Regulars: found, looked at, registered, changed, printed, forgotten on request; rosters brought in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any
from unicodedata import normalize

import shiboken6
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QApplication, QFileDialog, QGridLayout, QLineEdit, QStackedLayout, QWidget

from ... import settings, vault
from ...db import Database
from ...errors import StationError
from ...model import Changes, Consent, Occupation, Op, Person
from ...paper import qr
from ...paper.manner import Manner, manner, print_badges
from ...services import badges, people, prints, privacy, roll
from ...services.privacy import Held
from ...words import label, t
from .. import actions
from ..feedback import ProgressStrip
from ..hints import hint
from ..import_wizard import Choose, ImportWizard, choose_file
from ..jobs import Progress
from ..kit import Button, Card, Column, EmptyState, FilterTabs, Row, Scroll, page_layout
from ..names import person_name
from ..page import Page, Shell
from ..printing import Show, open_file, save_and_open, save_long
from ..tables import RowsModel, Table
from ..theme import tokens
from ..when import date_only
from . import people_asks as together
from . import people_list as listing
from .people_card import PersonCard
from .people_import import roster
from .people_list import Listing, Sorting, Wanted
from .people_sheets import AgreeForm, Filled, HeldSheet, PersonForm, Registered

CARD = 390
CARD_LARGE = 430
MOST_CARDS = 1_000
SURE_LISTS = (".csv", ".tsv", ".txt", ".xls", ".ods")
"""Endings of what can only be a list here; an .xlsx may be a form as well."""
"""Cards in one PDF: a hundred pages."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What the card shows: all that is held on a person, and the code of their badge, None when none opens."""

    held: Held
    code: qr.Code | None


class PeoplePage(Page):
    """A table of regulars that fetches what is seen, one of them in full at the right, the import in place of both."""

    name = "people"
    tables = frozenset(
        {
            "person", "identity", "badge", "visit", "handout", "request", "request_step", "erasure", "person_merge", "companion",
            "told_apart",
        }
    )  # fmt: skip

    def __init__(self, shell: Shell, *, choose: Choose = choose_file, show: Show = open_file) -> None:
        super().__init__(shell)
        self._choose, self._show_file = choose, show
        self._today = date.min
        self._ids: list[str] = []
        self._wanted = ""
        self._shown: Person | None = None
        self._occupation = Occupation.RIDER
        self._codes: dict[str, qr.Code] = {}
        self._printing: Progress | None = None
        self._months = int(settings.KEEP_PEOPLE_MONTHS.default)
        self.wizard: ImportWizard | None = None
        self.search = QLineEdit()
        hint(self.search, t("people_page.search"), t("people_page.search_short"))
        self.search.setAccessibleName(t("people_page.search"))
        self.search.setAcceptDrops(False)
        self.import_button = Button(t("people_page.import"))
        self.print_button = Button(t("people_page.print_list", n=0))
        self.export_button = Button(t("people_page.export"))
        self.export_button.setVisible(self.may(Op.EXPORT_DATA))
        self.new_button = Button(t("people_page.register"), "primary", icon="plus", key="Ctrl+N")
        self.tabs = FilterTabs(list(listing.tab_texts({}).items()))
        self.strip = ProgressStrip()
        self.rows = RowsModel(listing.columns(lambda: self._today), fetch=self._fetch)
        self.table = Table(self.rows, rows=38, name=t("people_page.list"))
        self.sorting = Sorting(self.table, "seen")
        self.card = PersonCard(shell.station)
        self._head = QGridLayout()
        self._head.setSpacing(8)
        self.setAcceptDrops(True)
        self._build()
        self._connect()

    # --- layout ----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        empty = EmptyState("people", t("people_page.nobody"), t("people_page.register"), key="Ctrl+N")
        empty.acted.connect(self.new)
        self._empty = empty
        self.table.set_empty(empty)
        left = Column(self._head, self.tabs, self.strip, Card(self.table, gap=0), gap=6)
        self._content = QWidget()
        across = Row(gap=16)
        across.addLayout(left, 1)
        across.addWidget(self.card)
        page_layout(self._content, across)
        self._whole = QStackedLayout(self)
        self._whole.addWidget(Scroll(self._content, sideways=True))  # large English type needs more than the screen has
        self._fit()

    def _connect(self) -> None:
        self.search.textChanged.connect(lambda _text: self._read_list())
        self.search.returnPressed.connect(self.settle)
        self.tabs.chosen.connect(self._show_tab)
        self.sorting.changed.connect(self._read_list)
        self.import_button.clicked.connect(self.import_list)
        self.print_button.clicked.connect(lambda: self._print_cards(self._ids))
        self.new_button.clicked.connect(self.new)
        self.strip.cancelled.connect(self._stop_printing)
        self.table.current_record.connect(self._chosen)
        self.table.activated_record.connect(lambda _person: self._edit())
        self.card.print_asked.connect(self._print_shown)
        self.card.reissue_asked.connect(self._reissue)
        self.card.edit_asked.connect(self._edit)
        self.card.held_asked.connect(self._tell_held)
        self.card.agree_asked.connect(self._agree)
        self.card.merge_asked.connect(lambda: together.ask_merge(self))
        self.card.circle_asked.connect(lambda: together.ask_circle(self))
        self.card.split_asked.connect(lambda operation: self.shell.undo(operation))
        self.export_button.clicked.connect(self._ask_file)
        self.card.erase_asked.connect(self._erase)
        shortcut = QShortcut(QKeySequence("Ctrl+P"), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self._print_shown)

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_whole"):
            self._fit()

    def _fit(self) -> None:
        large = tokens().large
        self.card.setFixedWidth(CARD_LARGE if large else CARD)
        # in large type what the card tells as well makes room
        self.table.show_columns((0, 1, 3, 4, 5) if large else range(len(self.rows.columns)))
        buttons = (self.import_button, self.export_button, self.print_button)
        said = self.search.fontMetrics().horizontalAdvance(self.search.accessibleName()) + 40
        need = said + sum(button.sizeHint().width() + 8 for button in (*buttons, self.new_button)) + self.card.width() + 16 + 2 * 20
        two = large or need > self.width()
        for place, button in enumerate(buttons, start=0 if two else 1):
            aside = Qt.AlignmentFlag.AlignRight if two and place == 0 else Qt.AlignmentFlag(0)  # it would fill the row
            self._head.addWidget(button, int(two), place, aside)
        self._head.addWidget(self.search, 0, 0, 1, 2 if two else 1)
        self._head.addWidget(self.new_button, 0, 2 if two else 4)
        self._head.setColumnStretch(0, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More room, or less."""
        super().resizeEvent(event)
        self._fit()

    # --- what the window asks ----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the list and the counts of the tabs."""
        self._read_list()
        self.jobs.read(listing.read_counts, self._show_counts, key="people-counts")

    def show_subject(self, subject: str) -> None:
        """Show one person by id, or a tab by its code; a roster that was being looked at is put away."""
        if self.wizard is not None:
            self.wizard.leave()
        self.search.clear()
        if subject in listing.TABS:
            self.tabs.choose(subject)
            return
        self.tabs.choose("all")
        self._wanted = subject
        self.refresh()

    def new(self) -> None:
        """Ctrl+N: 办卡. Enter alone makes a nameless card; not over a roster that is being imported."""
        if self.wizard is not None:
            return
        form = PersonForm(self._months)
        form.fill(self._occupation, Consent.NONE)
        form.filled.connect(lambda filled: self._register(form, filled))
        self.shell.open_sheet(t("people_page.register_title"), form, submit=t("people_page.register"))

    def look_up(self) -> None:
        """``/``: into the search field."""
        if self.wizard is None:
            self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.search.selectAll()

    def settle(self) -> None:
        """Into the list, or the wizard while it is open."""
        if self.wizard is not None:
            self.wizard.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def scanned(self, text: str) -> bool:
        """A badge shows its person here instead of checking them in; what is no badge at all goes to the desk."""
        digits = normalize("NFKC", text).replace(" ", "")
        if self.wizard is not None or (vault.read_badge(digits) is None and not vault.is_card_number(digits)):
            return False
        self.jobs.read(lambda db: badges.resolve(db, digits), self._show_scanned, key="people-scan")
        return True

    def _show_scanned(self, badge: badges.Badge) -> None:
        """Say that looking somebody up counts nobody, with the way to check them in; a badge of elsewhere has no record here."""
        if badge.id:
            self.show_subject(badge.person_id)
        word = t("people_page.only_shown") if badge.id else t("people_page.away_card")
        self.shell.tell(word, t("people_page.check_in"), lambda: self.shell.go("desk", badge.person_id))

    # --- showing -----------------------------------------------------------------------------------------------------

    def _read_list(self) -> None:
        wanted = Wanted(self.search.text().strip(), self.tabs.code(), self.sorting.order, self.sorting.backwards)
        self.jobs.read(lambda db: listing.read_listing(db, wanted), self._show_list, key="people-list")

    def _show_list(self, found: Listing) -> None:
        self._today, self._ids = found.today, found.ids
        searching = bool(self.search.text().strip())
        self._empty.sentence.set(t("people_page.nobody_found") if searching else t("people_page.nobody"))
        self.print_button.set_text(t("people_page.print_list", n=len(found.ids)))
        self.print_button.setEnabled(bool(found.ids))
        self._shown = None
        self.rows.set_ids(found.ids)
        wanted, self._wanted = self._wanted, ""
        if not (wanted and self.table.choose(wanted)) and not self.table.currentIndex().isValid() and found.ids:
            self.table.choose(found.ids[0])
        if not found.ids:
            self.card.show_nobody()

    def _show_counts(self, counts: listing.Counts) -> None:
        self._months = counts.months
        self.tabs.set_texts(listing.tab_texts(counts.tabs))
        if not counts.tabs.get(self.tabs.code(), 1) and self.tabs.code() in listing.SOMETIMES:
            self.tabs.choose("all")  # the last one behind this tab was dealt with

    def _show_tab(self, _code: str) -> None:
        if self.search.text():
            self.search.clear()
        else:
            self._read_list()

    def _fetch(self, ids: list[Any]) -> None:
        """The rows that came into view."""
        self.jobs.read(lambda db: people.several(db, ids), lambda found: self.rows.fill({person.id: person for person in found}))

    def _chosen(self, person: Person | None) -> None:
        if person is None or person is self._shown:
            return
        self._shown = person
        code = self._codes.get(person.badge_code)

        def look(db: Database) -> Looked:
            held = privacy.held(db, person.id)
            digits = held.person.badge_code
            if not digits:
                return Looked(held, None)
            return Looked(held, code if code is not None and digits == person.badge_code else qr.matrix(digits))

        self.jobs.read(look, self._show_held, lambda _gone: self.card.show_nobody(), key="people-card")

    def _show_held(self, found: Looked) -> None:
        if found.code is not None:
            self._codes = {found.held.person.badge_code: found.code}
        self.card.show_held(found.held, found.code, self._today)

    # --- doing -------------------------------------------------------------------------------------------------------

    def _register(self, form: PersonForm, filled: Filled) -> None:
        actions.register(
            self.jobs, filled.occupation, filled.platform, filled.name, filled.phone, filled.consent, self._registered,
            lambda error: self._refused(form, error),
        )  # fmt: skip

    def _registered(self, outcome: tuple[Person, Changes]) -> None:
        person, changes = outcome
        self._occupation, self._wanted = person.occupation, person.id
        done = Registered(person)
        done.print_asked.connect(lambda: self._print_cards([person.id]))
        done.again_asked.connect(self.new)
        self.shell.open_sheet(t("people_page.registered_title"), done, cancel=t("people_page.done"))
        self.shell.tell_undoable(t("people_page.registered", name=person_name(person), occupation=label(person.occupation)), changes)

    def _refused(self, form: PersonForm, error: StationError) -> None:
        """The sentence at its field; in the foot bar when the sheet was closed meanwhile."""
        if not shiboken6.isValid(form):
            self.shell.tell_error(error)
        elif not form.refused(error):
            self.shell.sheet_error(error)

    def _edit(self) -> None:
        if self.card.held is None:
            return
        person = self.card.held.person
        named = person.consent is not Consent.NONE
        form = PersonForm(
            self._months,
            consents=(Consent.STATION, Consent.DISTRICT) if named else tuple(Consent),
            note=t("people_page.to_withdraw") if named else t("people_page.nothing_recounted"),
        )
        form.fill(person.occupation, person.consent, person.platform, person.name, person.phone)
        form.filled.connect(lambda filled: self._save(form, person, filled))
        self.shell.open_sheet(person_name(person), form, submit=t("people_page.save"))

    def _save(self, form: PersonForm, person: Person, filled: Filled) -> None:
        def done(outcome: tuple[Person, Changes]) -> None:
            self.shell.close_sheet()
            self.shell.tell_undoable(t("people_page.changed", name=person_name(outcome[0])), outcome[1])

        actions.change_person(self.jobs, person.id, done, lambda error: self._refused(form, error), **asdict(filled))

    def _reissue(self) -> None:
        if self.card.held is None:
            return
        name = person_name(self.card.held.person)

        def done(outcome: tuple[badges.Badge, Changes]) -> None:
            badge, changes = outcome
            self.shell.tell_undoable(t("people_page.reissued", name=name, number=badge.card_number), changes)

        actions.reissue_badge(self.jobs, self.card.held.person.id, done)

    def _tell_held(self) -> None:
        if self.card.held is not None:
            found = self.card.held
            self.jobs.read(lambda db: privacy.with_words(db, found), self._show_sheet, key="people-held")

    def _show_sheet(self, found: Held) -> None:
        sheet = HeldSheet(found)
        sheet.print_asked.connect(lambda: self._print_held(found))
        self.shell.open_sheet(t("people_page.held_title", name=person_name(found.person)), sheet, cancel=t("people_page.done"))

    def _print_held(self, found: Held) -> None:
        station, day = self.shell.station, self.jobs.db.now().date()
        title = t("held.title", name=person_name(found.person))

        def draw(path: Path) -> int:
            from ...paper.privacy import held_sheet

            return held_sheet(station, found, title, day, path)

        number = found.person.card_number or found.person.id[-6:]
        save_and_open(self.shell, t("held.file", number=number), draw, show=self._show_file)

    def _agree(self) -> None:
        """They read the newer notice and agree to it too."""
        if self.card.held is None:
            return
        person = self.card.held.person
        form = AgreeForm(self._months)

        def done(outcome: tuple[Person, Changes]) -> None:
            self.shell.close_sheet()
            self.shell.tell_undoable(t("people_page.agreed", name=person_name(outcome[0])), outcome[1])

        form.submitted.connect(lambda _values: actions.agree(self.jobs, person.id, done, self.shell.sheet_error))
        self.shell.open_sheet(person_name(person), form, submit=t("people_page.agree_yes"))

    def _erase(self) -> None:
        if self.card.held is None:
            return
        name, copies = person_name(self.card.held.person), self.card.held.copies

        def done(_changes: Changes) -> None:
            day = date_only(copies.until, self._today) if copies else ""
            self.shell.tell(t("people_page.erased_until", name=name, day=day) if day else t("people_page.erased", name=name))
            self.settle()

        actions.erase_person(self.jobs, self.card.held.person.id, done)

    # --- printing ----------------------------------------------------------------------------------------------------

    def _print_shown(self) -> None:
        if self.wizard is None and self.card.held is not None:
            self._print_cards([self.card.held.person.id])

    def _print_cards(self, ids: Sequence[str]) -> None:
        """The cards of many people; more than MOST_CARDS are printed tab by tab."""
        wanted = list(ids)
        if len(wanted) > MOST_CARDS:
            self.shell.tell(t("people_page.too_many_cards", most=MOST_CARDS), bad=True)
        else:
            self.jobs.read(lambda db: (people.several(db, wanted), manner(db)), self._print_people, key="people-print")

    def _print_people(self, found: tuple[Sequence[Person], Manner]) -> None:
        """As the print room would: with the station's mark and colour, in its form, moved by the printer's offset."""
        how, cards = found[1], [person for person in found[0] if person.badge_code]
        if not cards or self._printing is not None:
            return
        station = self.shell.station

        def draw(path: Path, progress: Progress) -> int:
            return print_badges(station, cards, path, how, progress)

        day = self.jobs.db.now()
        name = t("people_page.card_file", number=cards[0].card_number) if len(cards) == 1 else t(
            "people_page.cards_file", day=f"{day:%Y-%m-%d-%H%M}", n=len(cards)
        )  # fmt: skip
        if len(cards) > 1:
            self.strip.start(t("people_page.drawing", n=len(cards)))
        self._printing = save_long(
            self.shell, name, draw, self.strip.advance, then=lambda: self._came_out(cards), show=self._show_file,
            otherwise=self._not_printed,
        )

    def _came_out(self, cards: Sequence[Person]) -> None:
        """What is drawn to be printed waits in the print room no longer."""
        self._printed()
        self.jobs.run(lambda db: prints.printed(db, [card.id for card in cards]))

    def _printed(self) -> None:
        self._printing = None
        self.strip.finish()

    def _not_printed(self, error: StationError) -> None:
        self._printed()
        self.shell.tell_error(error)

    def _stop_printing(self) -> None:
        if self._printing is not None:
            self._printing.cancel()

    # --- the list as a file ------------------------------------------------------------------------------------------

    def _ask_file(self) -> None:
        """Let the supervisor choose where the list goes."""
        dialog = QFileDialog(self, t("people_page.export_title"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([t("people_page.export_xlsx"), t("people_page.export_csv")])
        dialog.selectFile(t("people_page.export_file", day=f"{self.jobs.db.now():%Y-%m-%d}"))
        dialog.setDefaultSuffix("xlsx")
        dialog.fileSelected.connect(lambda chosen: self.export(Path(chosen)))
        dialog.open()

    def export(self, target: Path) -> None:
        """Write the list of the tab that is shown, with progress, to be cancelled; the log says that it was taken along."""
        from ...paper.roster import kind_of, write_roster

        if self._printing is not None:
            return
        wanted = self.tabs.code()

        def begun(outcome: tuple[list[str], Changes]) -> None:
            ids, _ = outcome
            self.strip.start(t("people_page.exporting", n=len(ids)))
            db = self.jobs.db
            self._printing = self.jobs.aside(
                lambda progress: write_roster(roll.read(db, ids, progress), target), self.strip.advance, done, self._not_printed
            )

        def done(count: int) -> None:
            self._printed()
            self.shell.tell(t("people_page.exported", n=count, name=target.name))

        def begin(db: Database) -> tuple[tuple[list[str], Changes], Changes]:
            which = listing.filter_of(db, wanted) if wanted not in listing.LISTS else None
            found = roll.begin(db, kind_of(target), which)
            return found, found[1]

        self.jobs.run(begin, begun, self.shell.tell_error)

    # --- rosters -----------------------------------------------------------------------------------------------------

    def import_list(self) -> None:
        """The import wizard, in place of the page until it is closed."""
        self._close_wizard()
        self.wizard = ImportWizard(self.shell, roster(self._print_taken), choose=self._choose)
        self.wizard.closed.connect(self._close_wizard)
        self._whole.addWidget(self.wizard)
        self._whole.setCurrentWidget(self.wizard)
        self.settle()

    def open_list(self, file: Path) -> None:
        """A roster was dropped on the page."""
        self.import_list()
        if self.wizard is not None:
            self.wizard.open_file(file)

    def _close_wizard(self) -> None:
        if self.wizard is not None:
            self._whole.removeWidget(self.wizard)
            self.wizard.deleteLater()
            self.wizard = None
            self.settle()

    def _print_taken(self, result: people.ImportResult) -> None:
        self._print_cards([row.person_id for row in result.results if row.fate == "taken" and row.person_id])

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A list may be dropped here; what may be something else the window looks at."""
        mime = event.mimeData()
        if mime.hasUrls() and mime.urls()[0].isLocalFile() and mime.urls()[0].fileName().lower().endswith(SURE_LISTS):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Read what was dropped."""
        self.open_list(Path(event.mimeData().urls()[0].toLocalFile()))

    # --- keys --------------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc takes the search away, Down goes from it into the list, ``/`` begins one."""
        key = event.key()
        if key == Qt.Key.Key_Escape and self.wizard is None:
            self.search.clear()
            self.settle()
        elif key == Qt.Key.Key_Down and QApplication.focusWidget() is self.search:
            self.settle()
        elif key == Qt.Key.Key_Slash:
            self.look_up()
        else:
            super().keyPressEvent(event)

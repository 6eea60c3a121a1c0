"""The settings of the district's desk: whose it is, its officers, backups and the recovery sheet, what can be set, about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ... import __version__, settings, vault
from ...db import Database
from ...district import books, desk, store
from ...model import Changes, Keeper, Role, Station
from ...paper import keys
from ...services import keepers, preferences
from ...words import t
from .. import actions
from ..jobs import Otherwise
from ..kit import Button, Card, Column, Fact, Pill, Row, Scroll, Text, clear, page_layout, rule
from ..page import Page, Shell
from ..pages.settings_forms import SettingRow, change_form, keeper_form, leave_form, password_form, pin_form
from ..pages.settings_keys import KeysCard, Safe, paper_target


@dataclass(frozen=True, slots=True)
class House:
    """What the page shows. ``officers`` with whether each has a PIN; ``content`` is every shown setting by name."""

    place: Station
    officers: tuple[tuple[Keeper, bool], ...]
    acting: str
    content: dict[str, str]
    fingerprint: str


def read_house(db: Database) -> House:
    """The house as it is now."""
    return House(
        desk.place(db), tuple((one, keepers.has_pin(db, one.id)) for one in books.officers(db)), db.acting,
        {setting.name: preferences.get(db, setting) for setting in settings.AT_DISTRICT}, store.root(db).public.fingerprint,
    )  # fmt: skip


class DistrictKeys(KeysCard):
    """Backups and the recovery sheet of the district; it has no start cards, and is restored by its own command."""

    def _show(self, safe: Safe) -> None:
        super()._show(safe)
        for part in (self.restore, self.tried, self.cards, self.make_card):
            part.hide()

    def _ask_recovery(self) -> None:
        def made(db: Database, root: vault.Root) -> tuple[tuple[Path, str], Changes]:
            target = paper_target(db, "recovery")
            number, changes = keys.print_recovery(db, root, target, desk.place(db))
            return (target, t("settings.recovery_printed", number=number)), changes

        self._ask(t("settings.print_recovery"), made)


class SettingsPage(Page):
    """Two columns of cards; forms open in the sheet. ``cost`` is the price of guessing a new password."""

    name: ClassVar[str] = "settings"
    tables: ClassVar[frozenset[str]] = frozenset({"keeper", "pin", "setting"})

    def __init__(self, shell: Shell, *, cost: vault.Cost = vault.DESK) -> None:
        super().__init__(shell)
        self._cost = cost
        self.keys_card = DistrictKeys(shell)
        self.facts = {
            name: Fact(t(word)) for name, word in (("name", "district_desk.name"), ("code", "start.district_code"))
        }
        self._officers = QVBoxLayout()
        self._officers.setSpacing(0)
        self.buttons: dict[str, Button] = {}
        self.others: dict[tuple[str, str], Button] = {}
        self.add_officer = Button(t("district_desk.add_officer"), icon="plus", key="Ctrl+N")
        self.add_officer.clicked.connect(self.new)
        officers = Card(gap=6, title=t("district_desk.officers"), aside=self.add_officer)
        officers.body.addLayout(self._officers)
        self.rows = {setting.name: SettingRow(setting, self._change) for setting in settings.AT_DISTRICT}
        self.fingerprint = Text("", wrap=True, selectable=True)
        self.help = Button(t("window.help"), icon="keyboard", key="?")
        self.help.clicked.connect(shell.show_help)
        self.book = Button(t("handbook.title"), icon="help", key="F1")
        self.book.clicked.connect(lambda: shell.show_handbook())
        self.news = Button(t("handbook.news"), "link")
        self.news.clicked.connect(lambda: shell.show_handbook("news"))
        place = Text(str(self.jobs.db.path.parent), wrap=True, selectable=True)
        about = Card(
            Fact(t("settings.version"), __version__), Column(Text(t("settings.folder"), "small"), place, gap=2),
            Column(Text(t("district_desk.our_fingerprint"), "small"), self.fingerprint, gap=2),
            Text(t("settings.encrypted"), "small", wrap=True), Row(self.book, self.news, None), gap=10, title=t("settings.about"),
            aside=self.help,
        )  # fmt: skip
        left, right = Column(gap=14), Column(gap=14)
        whose = Card(Row(self.facts["name"], self.facts["code"], gap=14), title=t("district_desk.district"))
        for card in (whose, officers, self.keys_card):
            left.addWidget(card)
        left.addStretch(1)
        for card in (Card(*self.rows.values(), gap=12, title=t("settings.shown")), about):
            right.addWidget(card)
        right.addStretch(1)
        both = Row(gap=16)
        both.addLayout(left, 1)
        both.addLayout(right, 1)
        inside = QWidget()
        inside.setLayout(both)
        page_layout(self, Scroll(inside))

    @property
    def idle(self) -> bool:
        """Whether no backup is being made."""
        return self.keys_card.idle

    def refresh(self) -> None:
        """Read everything the page shows."""
        self.jobs.read(read_house, self._show, key="district-settings")

    def new(self) -> None:
        """Ctrl+N: a further officer."""
        form = keeper_form(self.shell, self._cost, roles=(Role.SUPERVISOR,), among=books.officers)
        self.shell.open_sheet(t("district_desk.add_officer"), form, submit=t("settings.add"))

    def settle(self) -> None:
        """Begin at the first setting."""
        self.rows[settings.OVERDUE_DAYS.name].field.take_focus()

    def _show(self, house: House) -> None:
        self.facts["name"].set(house.place.name)
        self.facts["code"].set(house.place.district_code)
        for name, row in self.rows.items():
            row.show_state(house.content[name])
        self.fingerprint.set(house.fingerprint)
        had_focus = next((name for name, button in self.buttons.items() if button.hasFocus()), "")
        clear(self._officers)
        self.buttons, self.others = {}, {}
        for officer, has_pin in house.officers:
            own = officer.id == house.acting
            line = Row(Text(officer.name, "strong"), gap=10)
            if own:
                line.addWidget(Pill(t("settings.you"), "brand"))
            line.addStretch(1)
            if own:
                self.buttons["password"] = Button(t("settings.change_password"))
                self.buttons["password"].clicked.connect(
                    lambda _checked=False, officer=officer: self._password(officer)
                )
                self.buttons["pin"] = Button(t("settings.change_pin") if has_pin else t("settings.set_pin"))
                self.buttons["pin"].clicked.connect(lambda _checked=False, officer=officer: self._pin(officer))
                line.addWidget(self.buttons["password"])
                line.addWidget(self.buttons["pin"])
            else:
                change = self.others[officer.id, "change"] = Button(t("settings.change"))
                change.clicked.connect(lambda _checked=False, officer=officer: self._change_officer(officer))
                leave = self.others[officer.id, "leave"] = Button(t("settings.leaves"), "link")
                leave.clicked.connect(lambda _checked=False, officer=officer: self._let_go(officer))
                for button in (change, leave):
                    button.setAccessibleDescription(officer.name)
                    line.addWidget(button)
            if self._officers.count():
                self._officers.addWidget(rule())
            self._officers.addLayout(line)
        if had_focus in self.buttons:
            self.buttons[had_focus].setFocus(Qt.FocusReason.OtherFocusReason)

    def _change_officer(self, officer: Keeper) -> None:
        form = change_form(self.shell, officer, self._cost, roles=(officer.role,), among=books.officers)
        self.shell.open_sheet(t("settings.keeper_of", name=officer.name), form, submit=t("settings.save"))

    def _let_go(self, officer: Keeper) -> None:
        form = leave_form(self.shell, officer, among=books.officers)
        self.shell.open_sheet(t("settings.leaves_of", name=officer.name), form, submit=t("settings.leave"))

    def _password(self, officer: Keeper) -> None:
        form = password_form(self.shell, officer, self._cost)
        self.shell.open_sheet(t("settings.change_password"), form, submit=t("settings.save"))

    def _pin(self, officer: Keeper) -> None:
        self.shell.open_sheet(
            t("settings.pin_of", name=officer.name), pin_form(self.shell, officer), submit=t("settings.save")
        )

    def _change(self, name: str, text: str, otherwise: Otherwise) -> None:
        def changed(_changes: Changes) -> None:
            self.shell.tell(t("settings.changed", name=t(f"settings.{name}")))

        actions.change_setting(self.jobs, name, text, changed, otherwise)

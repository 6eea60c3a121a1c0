"""The page 设置: the station, its keepers, what can be set, the scanner, privacy, about this program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ... import __version__, settings, vault
from ...db import Database
from ...model import OWN_SETTINGS, Keeper, Op, Station
from ...services import keepers, preferences, stations
from ...words import label, t
from .. import actions
from ..errands import Practising
from ..jobs import Otherwise
from ..kit import Button, Card, Column, Fact, Pill, Row, Scroll, Text, Turning, clear, page_layout, rule
from ..page import Page, Shell
from ..theme import tokens
from .settings_forms import SettingRow, change_form, keeper_form, leave_form, password_form, pin_form, station_form
from .settings_keys import KeysCard
from .settings_privacy import PrivacyCard
from .settings_scanner import ScannerCard
from .settings_weather import WeatherCard, read_thresholds
from .sync_reads import fingerprint


@dataclass(frozen=True, slots=True)
class House:
    """What the page shows. ``keepers`` with whether each has a PIN; ``content`` is every shown setting by name."""

    station: Station
    keepers: tuple[tuple[Keeper, bool], ...]
    acting: str
    content: dict[str, str]
    fingerprint: str
    scanner: tuple[int, str]
    thresholds: dict[str, str]


def read_house(db: Database) -> House:
    """The house as it is now."""
    found = keepers.listing(db)
    return House(
        stations.current(db), tuple((one, keepers.has_pin(db, one.id)) for one in found), db.acting,
        {setting.name: preferences.get(db, setting) for setting in settings.SHOWN}, fingerprint(db),
        (preferences.number(db, settings.SCAN_GAP), preferences.get(db, settings.SCAN_SUFFIX)), read_thresholds(db),
    )  # fmt: skip


class SettingsPage(Page):
    """Two columns of cards; forms open in the sheet. ``cost`` is the price of guessing a new keeper's password."""

    name: ClassVar[str] = "settings"
    tables: ClassVar[frozenset[str]] = frozenset({"station", "keeper", "pin", "setting"})

    def __init__(self, shell: Shell, *, cost: vault.Cost = vault.DESK) -> None:
        super().__init__(shell)
        self._cost = cost
        self._house: House | None = None
        self.keys_card = KeysCard(shell)
        self.privacy_card = PrivacyCard(shell, changes=self.may(Op.SETTING))
        left, right = Column(gap=14), Column(gap=14)
        for card in (self._station_card(), self._keepers_card(), self.keys_card, self._about_card(), None):
            left.addWidget(card) if card is not None else left.addStretch(1)
        self.scanner = scanner = ScannerCard(shell)
        self.weather = weather = WeatherCard(shell)
        kiosk = self._kiosk_card()
        for card in (self._settings_card(), weather, scanner, kiosk, self.privacy_card, None):
            right.addWidget(card) if card is not None else right.addStretch(1)
        for part, offered in (
            (self.keys_card, self.may(Op.SETTING)), (self.change_station, self.may(Op.SETTING)),
            (self.add_keeper, self.may(Op.ADD_KEEPER)), (scanner, shell.offers("desk")), (kiosk, shell.offers("desk")),
            (weather, shell.offers("desk") and self.may(Op.SETTING)),
        ):  # fmt: skip
            if not offered:
                part.hide()
        halves = []
        for column in (left, right):
            half = QWidget()
            half.setLayout(column)
            halves.append((half, 1))
        self._scroll = Scroll(Turning(*halves))
        page_layout(self, self._scroll)

    # --- the cards -----------------------------------------------------------------------------------------------

    def _station_card(self) -> Card:
        self.change_station = Button(t("settings.change"), icon="edit")
        self.change_station.clicked.connect(self._change_station)
        self.facts = {
            name: Fact(t(word))
            for name, word in (
                ("name", "settings.station_name"), ("code", "settings.code"), ("district", "settings.district"),
                ("hours", "settings.hours"), ("phone", "settings.phone"),
            )
        }  # fmt: skip
        f = self.facts
        return Card(
            f["name"], Row(f["code"], f["district"], gap=14), Row(f["hours"], f["phone"], gap=14), gap=10,
            title=t("settings.station"), aside=self.change_station,
        )  # fmt: skip

    def _keepers_card(self) -> Card:
        self.add_keeper = Button(t("settings.add_keeper"), icon="plus", key="Ctrl+N")
        self.add_keeper.clicked.connect(self.new)
        self._keepers = QVBoxLayout()
        self._keepers.setSpacing(0)
        self.pins: dict[str, Button] = {}
        self.changes: dict[str, Button] = {}
        self.leaves: dict[str, Button] = {}
        self.change_password: Button | None = None
        card = Card(gap=6, title=t("settings.keepers"), aside=self.add_keeper)
        card.body.addLayout(self._keepers)
        return card

    def _settings_card(self) -> Card:
        own = OWN_SETTINGS if not self.may(Op.SETTING) else {setting.name for setting in settings.SHOWN}
        self.rows = {setting.name: SettingRow(setting, self._change) for setting in settings.SHOWN if setting.name in own}
        switches = Row(gap=14)
        for row in self.rows.values():
            if row.setting.kind == "switch":
                switches.addWidget(row, 1)
        numbers = [row for row in self.rows.values() if row.setting.kind == "number"]
        choices = [row for row in self.rows.values() if row.setting.kind not in ("number", "switch")]
        return Card(*numbers, switches, *choices, gap=12, title=t("settings.shown"))

    def _kiosk_card(self) -> Card:
        self.kiosk = Button(t("kiosk.start"), icon="people", key="Ctrl+K")
        self.kiosk.clicked.connect(self.shell.start_kiosk)
        self.print_room = Button(t("prints.open"), icon="print", key="Ctrl+Shift+P")
        self.print_room.clicked.connect(lambda: self.shell.go("print"))
        if not self.shell.offers("print"):  # shown before it has a parent, it would flash as a window
            self.print_room.hide()
        told = Text(t("kiosk.card_how"), "muted", wrap=True)
        return Card(told, Row(self.print_room, None), gap=6, title=t("kiosk.card"), aside=self.kiosk)

    def _about_card(self) -> Card:
        self.keys = Button(t("window.help"), icon="keyboard", key="?")
        self.keys.clicked.connect(self.shell.show_help)
        self.book = Button(t("handbook.title"), icon="help", key="F1")
        self.book.clicked.connect(lambda: self.shell.show_handbook())
        self.news = Button(t("handbook.news"), "link")
        self.news.clicked.connect(lambda: self.shell.show_handbook("news"))
        self.practise = Button(t("drill.begin"), icon="check")
        self.practise.clicked.connect(lambda: self.shell.hand_over(Practising()))
        self.folder = Text(str(self.jobs.db.path.parent), wrap=True, selectable=True)
        self.fingerprint = Text("", wrap=True, selectable=True)
        return Card(
            Fact(t("settings.version"), __version__), Column(Text(t("settings.folder"), "small"), self.folder, gap=2),
            Column(Text(t("settings.fingerprint"), "small"), self.fingerprint, gap=2),
            Text(t("settings.encrypted"), "small", wrap=True), Row(self.book, self.practise, self.news, None),
            Text(t("drill.begin_line"), "small", wrap=True), gap=10, title=t("settings.about"), aside=self.keys,
        )  # fmt: skip

    @property
    def idle(self) -> bool:
        """Whether no backup is being made or read."""
        return self.keys_card.idle

    # --- what is shown -------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read everything the page shows."""
        self.jobs.read(read_house, self._show, key="settings")

    def settle(self) -> None:
        """Begin at the top."""
        first = self.change_station if self.may(Op.SETTING) else self.keys
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self, house: House) -> None:
        self._house = house
        self.scanner.show_scanner(house.scanner)
        self.weather.show_thresholds(house.thresholds)
        station = house.station
        for name, text in (
            ("name", station.name), ("code", f"{station.code}-{station.letter}"), ("phone", station.phone or "—"),
            ("district", f"{station.district_name} {station.district_code}".strip()),
            ("hours", f"{station.opens} – {station.closes}"),
        ):  # fmt: skip
            self.facts[name].set(text)
        for name, row in self.rows.items():
            row.show_state(house.content[name])
        self.fingerprint.set(house.fingerprint or t("settings.no_fingerprint"))
        self._show_keepers(house)

    def _show_keepers(self, house: House) -> None:
        had_focus = next((one for one, button in self.pins.items() if button.hasFocus()), "")
        clear(self._keepers)
        self.pins, self.changes, self.leaves = {}, {}, {}
        for keeper, has_pin in house.keepers:
            own = keeper.id == house.acting
            line = Row(Text(keeper.name, "strong"), Pill(label(keeper.role)), gap=10)
            line.addStrut(44)  # alike with and without buttons
            if own:
                line.addWidget(Pill(t("settings.you"), "brand"))
            line.addStretch(1)
            name, line = line, Row(None, gap=10)
            line.addStrut(44)
            if own:
                password = self.change_password = Button(t("settings.change_password"))
                password.clicked.connect(lambda _checked=False, keeper=keeper: self._change_password(keeper))
                line.addWidget(password)
            if own or self.may(Op.CHANGE_KEEPER):
                button = self.pins[keeper.id] = Button(t("settings.change_pin") if has_pin else t("settings.set_pin"))
                button.setAccessibleDescription(keeper.name)
                button.clicked.connect(lambda _checked=False, keeper=keeper: self._change_pin(keeper))
                line.addWidget(button)
            if self.may(Op.CHANGE_KEEPER):
                change = self.changes[keeper.id] = Button(t("settings.change"))
                change.clicked.connect(lambda _checked=False, keeper=keeper, own=own: self._change_keeper(keeper, own))
                line.addWidget(change)
                change.setAccessibleDescription(keeper.name)
            if self.may(Op.CHANGE_KEEPER) and not own:
                leave = self.leaves[keeper.id] = Button(t("settings.leaves"), "link")
                leave.clicked.connect(lambda _checked=False, keeper=keeper: self._let_go(keeper))
                leave.setAccessibleDescription(keeper.name)
                line.addWidget(leave)
            if self._keepers.count():
                self._keepers.addWidget(rule())
            halves = []
            for part in (name, line):
                half = QWidget()
                half.setLayout(part)
                half.setMinimumHeight(tokens().px(44))
                halves.append((half, int(part is name)))
            self._keepers.addWidget(Turning(*halves, gap=10, whole=True))
        if had_focus in self.pins:
            self.pins[had_focus].setFocus(Qt.FocusReason.OtherFocusReason)

    # --- what can be done ----------------------------------------------------------------------------------------

    def new(self) -> None:
        """Ctrl+N: a further keeper, for whoever may add one."""
        if not self.may(Op.ADD_KEEPER):
            return
        self.shell.open_sheet(
            t("settings.add_keeper"), keeper_form(self.shell, self._cost), submit=t("settings.add")
        )  # fmt: skip

    def scanned(self, text: str) -> bool:
        """A scan is shown with its parts; this page is where a scanner is tried out."""
        self.scanner.show_scan(text)
        self._scroll.ensureWidgetVisible(self.scanner.scan_parts)
        return True

    def _change_station(self) -> None:
        if self._house is not None:
            form = station_form(self.shell, self._house.station)
            self.shell.open_sheet(t("settings.station"), form, submit=t("settings.save"))

    def _change_pin(self, keeper: Keeper) -> None:
        self.shell.open_sheet(
            t("settings.pin_of", name=keeper.name), pin_form(self.shell, keeper), submit=t("settings.save")
        )

    def _change_keeper(self, keeper: Keeper, own: bool) -> None:
        form = change_form(self.shell, keeper, self._cost, own=own)
        self.shell.open_sheet(t("settings.keeper_of", name=keeper.name), form, submit=t("settings.save"))

    def _let_go(self, keeper: Keeper) -> None:
        form = leave_form(self.shell, keeper)
        self.shell.open_sheet(t("settings.leaves_of", name=keeper.name), form, submit=t("settings.leave"))

    def _change_password(self, keeper: Keeper) -> None:
        form = password_form(self.shell, keeper, self._cost)
        self.shell.open_sheet(t("settings.change_password"), form, submit=t("settings.save"))

    def _change(self, name: str, text: str, otherwise: Otherwise) -> None:
        actions.change_setting(
            self.jobs, name, text, lambda _changes: self.shell.tell(t("settings.changed", name=t(f"settings.{name}"))),
            otherwise,
        )  # fmt: skip

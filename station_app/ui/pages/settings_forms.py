"""Forms and rows of the page 设置: the station's facts, a further keeper, a PIN, one setting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from ... import vault
from ...db import Database
from ...errors import Refused, StationError
from ...model import Changes, Keeper, Role, Station
from ...services import keepers, slots
from ...settings import Setting
from ...words import label, t
from .. import actions
from ..entry import Entry
from ..feedback import sentence
from ..forms import ChoiceField, Field, LineField, NumberField, PasswordField
from ..jobs import Otherwise
from ..kit import Button, Column, Row, Text
from ..page import Shell

AT_PASSWORD = {"vault.wrong_password": "password", "settings.not_your_password": "password"}


def station_form(shell: Shell, station: Station) -> Entry:
    """Name, hours and phone of the station."""

    def saved(outcome: tuple[Station, Changes]) -> None:
        shell.close_sheet()
        shell.tell_undoable(t("settings.station_changed", name=outcome[0].name), outcome[1])

    def save(values: dict[str, Any], otherwise: Otherwise) -> None:
        actions.change_station(shell.jobs, saved, otherwise, **values)

    form = Entry(
        shell, save,
        LineField("name", t("settings.station_name"), required=True), LineField("opens", t("settings.opens"), required=True),
        LineField("closes", t("settings.closes"), required=True), LineField("phone", t("settings.phone")),
        at={"stations.no_name": "name", "stations.bad_hours": "opens"},
    )  # fmt: skip
    form.set_values({"name": station.name, "opens": station.opens, "closes": station.closes, "phone": station.phone})
    return form


def keeper_form(
    shell: Shell,
    cost: vault.Cost,
    *,
    roles: Sequence[Role] = tuple(Role),
    among: Callable[[Database], Sequence[Keeper]] = keepers.listing,
) -> Entry:
    """A further keeper: who, with which password; the acting keeper's own password unlocks the keys.

    ``roles`` are those to choose from, ``among`` whose names are taken.
    """

    def saved(keeper: Keeper) -> None:
        shell.close_sheet()
        shell.tell(t("settings.keeper_added", name=keeper.name))

    def save(values: dict[str, Any], otherwise: Otherwise) -> None:
        def add(db: Database) -> tuple[Keeper, Changes]:
            root = own_root(db, values["password"])
            role = Role(values["role"]) if "role" in values else roles[0]
            return keepers.add(
                db, db.path.parent, root, values["name"], role, values["fresh"], values["pin"], cost=cost, among=among(db)
            )

        shell.jobs.run(add, saved, otherwise)

    named = [(role.value, label(role)) for role in roles]
    chosen = [ChoiceField("role", t("settings.role"), named, value=Role.KEEPER, keys=True)] if len(roles) > 1 else []
    return Entry(
        shell, save,
        LineField("name", t("settings.keeper_name"), required=True),
        *chosen,
        PasswordField("fresh", t("settings.their_password", n=vault.SHORTEST_PASSWORD)),
        PasswordField("pin", t("settings.their_pin"), required=False),
        PasswordField("password", t("settings.own_password")),
        at={**AT_PASSWORD, "keepers.no_name": "name", "keepers.name_taken": "name", "vault.short_password": "fresh",
            "vault.bad_pin": "pin"},
    )  # fmt: skip


def change_form(
    shell: Shell,
    keeper: Keeper,
    cost: vault.Cost,
    *,
    roles: Sequence[Role] = tuple(Role),
    among: Callable[[Database], Sequence[Keeper]] = keepers.listing,
    own: bool = False,
) -> Entry:
    """Name and role of a keeper, and a new password where theirs is forgotten; for the acting keeper's own password.

    ``roles`` and ``among`` as in ``keeper_form``; one's ``own`` password has a form of its own.
    """

    def saved(changed: Keeper) -> None:
        shell.close_sheet()
        shell.tell(t("settings.keeper_changed", name=changed.name))

    def save(values: dict[str, Any], otherwise: Otherwise) -> None:
        def change(db: Database) -> tuple[Keeper, Changes]:
            root, fresh = own_root(db, values["password"]), values.get("fresh", "")
            if fresh:
                vault.check_password(fresh)
            role = Role(values["role"]) if "role" in values else keeper.role
            changed, changes = keepers.change(db, keeper.id, values["name"], role, among=among(db))
            if fresh:
                keepers.reset_password(db, db.path.parent, root, keeper.id, fresh, cost=cost)
            return changed, changes

        shell.jobs.run(change, saved, otherwise)

    named = [(role.value, label(role)) for role in roles]
    chosen = [ChoiceField("role", t("settings.role"), named, value=keeper.role, keys=True)] if len(roles) > 1 else []
    fresh = [] if own else [PasswordField("fresh", t("settings.forgotten_password", n=vault.SHORTEST_PASSWORD), required=False)]
    form = Entry(
        shell, save, LineField("name", t("settings.keeper_name"), required=True), *chosen, *fresh,
        PasswordField("password", t("settings.own_password")),
        at={**AT_PASSWORD, "keepers.no_name": "name", "keepers.name_taken": "name", "vault.short_password": "fresh",
            "vault.last_supervisor": "role" if chosen else "name"},
    )  # fmt: skip
    form.set_values({"name": keeper.name})
    return form


def leave_form(shell: Shell, keeper: Keeper, *, among: Callable[[Database], Sequence[Keeper]] = keepers.listing) -> Entry:
    """A keeper leaves, after the acting keeper's own password; what stays and what goes is said above it."""

    def saved(changes: Changes) -> None:
        shell.close_sheet()
        shell.tell_undoable(t("settings.keeper_left", name=keeper.name), changes)

    def save(values: dict[str, Any], otherwise: Otherwise) -> None:
        def leave(db: Database) -> Changes:
            own_root(db, values["password"])
            return keepers.remove(db, db.path.parent, keeper.id, among=among(db))

        shell.jobs.run(leave, saved, otherwise)

    form = Entry(shell, save, PasswordField("password", t("settings.own_password")), at=AT_PASSWORD)
    form.introduce(Text(t("settings.leave_help", name=keeper.name), wrap=True))
    return form


def pin_form(shell: Shell, keeper: Keeper) -> Entry:
    """A new PIN for a keeper."""

    def saved(_changes: Changes) -> None:
        shell.close_sheet()
        shell.tell(t("settings.pin_changed", name=keeper.name))

    def save(values: dict[str, Any], otherwise: Otherwise) -> None:
        def change(db: Database) -> Changes:
            if values["pin"] != values["again"]:
                raise Refused("settings.pins_differ")
            own_root(db, values["password"])
            return keepers.set_pin(db, keeper.id, values["pin"])

        shell.jobs.run(change, saved, otherwise)

    return Entry(
        shell, save,
        PasswordField("pin", t("settings.new_pin")), PasswordField("again", t("settings.pin_again")),
        PasswordField("password", t("settings.own_password")),
        at={**AT_PASSWORD, "vault.bad_pin": "pin", "settings.pins_differ": "again"},
    )  # fmt: skip


def password_form(shell: Shell, keeper: Keeper, cost: vault.Cost) -> Entry:
    """The own new password, for the old one."""

    def saved(_changes: Changes) -> None:
        shell.close_sheet()
        shell.tell(t("settings.password_changed", name=keeper.name))

    def save(values: dict[str, Any], otherwise: Otherwise) -> None:
        def change(db: Database) -> Changes:
            if values["fresh"] != values["again"]:
                raise Refused("settings.passwords_differ")
            return keepers.change_password(
                db, db.path.parent, keeper.id, values["password"], values["fresh"], cost=cost
            )

        shell.jobs.run(change, saved, otherwise)

    return Entry(
        shell, save,
        PasswordField("password", t("settings.own_password")),
        PasswordField("fresh", t("settings.new_password", n=vault.SHORTEST_PASSWORD)),
        PasswordField("again", t("settings.password_again")),
        at={**AT_PASSWORD, "vault.short_password": "fresh", "settings.passwords_differ": "again"},
    )  # fmt: skip


def own_root(db: Database, password: str) -> vault.Root:
    """The root key by the acting keeper's own password; Refused for anybody else's."""
    opened = slots.by_password(db, password)
    if opened.keeper_id != db.acting:
        raise Refused("settings.not_your_password")
    return opened.root


class SettingRow(QWidget):
    """One declared setting: its field and a line of help. A choice takes effect at once, a number by Enter or its button."""

    def __init__(self, setting: Setting, change: Callable[[str, str, Otherwise], None]) -> None:
        super().__init__()
        self.setting, self._change = setting, change
        self._shown = ""
        self.field = _field(setting)
        self.save = Button(t("settings.save"), key="Enter")
        self.save.clicked.connect(self._apply)
        self.save.setVisible(False)
        row = Row(gap=10)
        row.addWidget(self.field, 1, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.save, 0, Qt.AlignmentFlag.AlignBottom)
        self.setLayout(Column(row, Text(t(f"settings.{setting.name}_help"), "small", wrap=True), gap=2))
        self.field.changed.connect(self._edited)
        self.field.entered.connect(self._apply)

    def show_state(self, text: str) -> None:
        """What the setting is now; a number that is being typed stays."""
        if self.setting.kind == "number" and self._text() != self._shown and self._shown:
            return
        self._shown = text
        self.field.set_value(text)
        self.field.show_error("")
        self.save.setVisible(False)

    def _text(self) -> str:
        filled = self.field.value()
        return "" if filled is None else str(filled)

    def _edited(self) -> None:
        if self.setting.kind == "number":
            self.save.setVisible(self._text() != self._shown)
        elif self._text() != self._shown:
            self._apply()

    def _apply(self) -> None:
        problem = self.field.problem()
        if problem:
            self.field.show_error(problem)
        elif self._text() != self._shown:
            before, self._shown = self._shown, self._text()
            self._change(self.setting.name, self._shown, lambda error: self._refused(error, before))

    def _refused(self, error: StationError, before: str) -> None:
        self._shown = before
        self.field.show_error(sentence(error))


def _field(setting: Setting) -> Field:
    """The field that suits a kind of setting."""
    name = t(f"settings.{setting.name}")
    if setting.kind == "number":
        return NumberField(setting.name, name, low=setting.low, high=setting.high)
    if setting.kind == "switch":
        return ChoiceField(setting.name, name, [("1", t("settings.on")), ("0", t("settings.off"))], required=False)
    return ChoiceField(
        setting.name, name, [(code, t(f"settings.choice_{code or 'system'}")) for code in setting.choices],
        required=False,
    )  # fmt: skip

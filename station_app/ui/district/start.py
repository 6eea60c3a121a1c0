"""The window before a district's database is open: it unlocks the district of a folder, or sets one up."""

from __future__ import annotations

from typing import Any, ClassVar

from PySide6.QtCore import Qt

from ... import settings, vault
from ...db import Database
from ...district import books, store
from ...errors import StationError, UserMistake
from ...model import Keeper
from ...paths import DataFolder
from ...services import keepers, preferences, slots
from ...words import t
from ..feedback import sentence
from ..forms import LineField, PasswordField
from ..kit import Button, Icon, Row, Text
from ..start import StartWindow
from ..start_recover import StartCard
from ..start_steps import FIELDS, StepForm


class DistrictStart(StartWindow):
    """Unlock or set-up of a district, whichever the folder needs. ``opened`` hands over the open Database, once."""

    can_rescue: ClassVar[bool] = False
    can_practise: ClassVar[bool] = False

    @property
    def data(self) -> DataFolder:
        """The folder of the data."""
        return DataFolder(self._folder, "district")

    def _exists(self) -> bool:
        return slots.put_back(self.data) or self.data.exists

    def _set_up_card(self) -> StartCard:
        return DistrictCard(self)

    def _open(self, password: str, language: str) -> Database:
        return _speaking(store.open_district(self._folder, password, clock=self._clock, holder="window"), language)

    def _who(self, groups: tuple[str, ...]) -> list[Keeper]:
        db, _root = store.open_with_recovery(self._folder, groups, clock=self._clock, holder="window")
        try:
            return books.officers(db)
        finally:
            db.close()

    def _open_anew(self, groups: tuple[str, ...], keeper_id: str, password: str, language: str) -> Database:
        db, root = store.open_with_recovery(self._folder, groups, clock=self._clock, holder="window")
        try:
            keepers.reset_password(db, self._folder, root, keeper_id, password, cost=self._cost)
            db.acting = keeper_id
        except BaseException:
            db.close()
            raise
        return _speaking(db, language)

    def found(self, values: dict[str, str], otherwise: Any) -> None:
        """Make the district that was filled in."""
        language = self._chosen_language
        self._aside.do(lambda: self._made(values, language), self._hand_over, otherwise)

    def _made(self, values: dict[str, str], language: str) -> Database:
        db = store.set_up(
            self._folder, values["district_code"], values["name"], values["keeper"], values["password"], pin=values["pin"],
            clock=self._clock, holder="window", cost=self._cost,
        )  # fmt: skip
        return _speaking(db, language)


def _speaking(db: Database, language: str) -> Database:
    """Remember the language that was chosen on the first window; "" when nobody chose."""
    if language and preferences.get(db, settings.LANGUAGE) != language:
        preferences.change(db, settings.LANGUAGE.name, language)
    return db


class DistrictForm(StepForm):
    """The district and its first officer."""

    def __init__(self) -> None:
        super().__init__(
            LineField("name", t("district_desk.name"), required=True, hint=t("start.district_name_hint")),
            LineField("district_code", t("start.district_code"), required=True, hint=t("start.district_code_hint"), digits=True),
            LineField("keeper", t("district_desk.officer"), required=True, hint=t("district_desk.officer_hint")),
            PasswordField("password", t("start.password", n=vault.SHORTEST_PASSWORD)),
            PasswordField("again", t("start.again")),
            PasswordField("pin", t("start.pin"), required=False),
            gap=10,
        )  # fmt: skip
        self.beside("name", "district_code")
        self.beside("password", "again")
        self.note("pin", t("start.pin_help"))

    def submit(self) -> None:
        """As a form does, once both passwords are alike."""
        values = self.values()
        if values["password"] and values["again"] and values["again"] != values["password"]:
            self.show_error("again", t("start.differs"))
            return
        super().submit()


class DistrictCard(StartCard):
    """One form to set a district up; Enter on the last field or the button makes it."""

    def __init__(self, window: DistrictStart) -> None:
        super().__init__(window, 660)
        self._start = window
        self.form = DistrictForm()
        self.form.submitted.connect(self._make)
        self.make = Button(t("district_desk.make"), "primary", key="Enter")
        self.make.clicked.connect(self.form.submit)
        self.body.addLayout(Row(Icon("home", "brand", 28), Text(t("district_desk.set_up"), "title"), None))
        for part in (Text(t("district_desk.set_up_help"), "muted", wrap=True), self.errors, self.form, self.progress):
            self.body.addWidget(part)
        self.body.addLayout(Row(self.make, None))
        self.body.addWidget(Text(t("start.where", place=window.place), "small", wrap=True, selectable=True))

    def settle(self) -> None:
        """Begin at the name."""
        self.form.take_focus()

    def filled(self) -> dict[str, Any]:
        """The form."""
        return self.form.values()

    def fill(self, filled: dict[str, Any]) -> None:
        """The form again."""
        self.form.set_values(filled)

    def busy(self, text: str, *, cancel: bool = False) -> None:
        """While it is being made nothing else can be pressed."""
        super().busy(text, cancel=cancel)
        self.form.setEnabled(not text)
        self.make.setEnabled(not text)

    def _make(self, values: dict[str, str]) -> None:
        self.busy(t("district_desk.making"))
        self._start.found(values, self._not_made)

    def _not_made(self, error: StationError) -> None:
        """Under its field when it is about one, else above; nothing was made."""
        self.busy("")
        if not (isinstance(error, UserMistake) and error.word in FIELDS and self.form.tell(error)):
            self.failed(sentence(error))
        self.form.setFocus(Qt.FocusReason.OtherFocusReason)

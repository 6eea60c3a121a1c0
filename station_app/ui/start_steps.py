"""The steps of setting up: what to begin with, the station, its first keeper, a last look."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from .. import vault
from ..errors import StationError, UserMistake
from ..services import stations
from ..words import t
from .feedback import sentence
from .forms import Form, LineField, PasswordField
from .kit import Column, Fact, Pill, Row, Text
from .start_work import Plan, planned
from .tiles import Tile

FIELDS = {
    "stations.no_name": "name", "stations.bad_code": "code", "stations.bad_letter": "letter",
    "stations.bad_district_code": "district_code", "stations.bad_hours": "opens", "keepers.no_name": "keeper",
    "vault.short_password": "password", "vault.bad_pin": "pin", "district.no_name": "name",
}  # fmt: skip
"""Under which field the sentence of an error stands."""


class StepForm(Form):
    """Fields of which some stand side by side, with plain words between them."""

    def beside(self, *names: str) -> None:
        """Put these fields, which follow each other, into one row."""
        place = self._column.indexOf(self.field(names[0]))
        row = Row(gap=14)
        for name in names:
            self._column.removeWidget(self.field(name))
            row.addWidget(self.field(name), 1, Qt.AlignmentFlag.AlignTop)
        self._column.insertLayout(place, row)

    def note(self, name: str, text: str) -> None:
        """Plain words right below a field."""
        self._column.insertWidget(self._column.indexOf(self.field(name)) + 1, Text(text, "small", wrap=True))

    def tell(self, error: StationError) -> bool:
        """Show an error under its field; False when it is about none of these."""
        name = FIELDS.get(error.word, "")
        if name == "opens" and error.fields.get("text") == self.values().get("closes"):
            name = "closes"
        if name not in self.values():
            return False
        self.show_error(name, sentence(error))
        return True


class Beginning(QWidget):
    """Four ways to begin: a station of one's own, a practice day, the sample to look around in, or a backup brought along."""

    own = Signal()
    practice = Signal()
    sample = Signal()
    restore = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.build = Tile("home", t("start.build"), t("start.build_line"))
        self.build.clicked.connect(self.own)
        self.practise = Tile("check", t("drill.try"), t("drill.try_line"))
        self.practise.clicked.connect(self.practice)
        self.try_out = Tile("info", t("start.try_sample"), t("start.try_sample_line"))
        self.try_out.clicked.connect(self.sample)
        self.bring_back = Tile("import", t("start.bring_back"), t("start.bring_back_line"))
        self.bring_back.clicked.connect(self.restore)
        mark = Row(Pill(t("terms.sample_mark"), "attention"), Text(t("start.sample_note"), "small", wrap=True), gap=8)
        self.setLayout(Column(self.build, self.practise, self.try_out, self.bring_back, mark, None, gap=12))

    def take_focus(self) -> None:
        """Put the focus on the usual choice."""
        self.build.setFocus(Qt.FocusReason.OtherFocusReason)


class StationStep(StepForm):
    """Name, code and computer, district, hours."""

    def __init__(self) -> None:
        super().__init__(
            LineField("name", t("start.name"), required=True, hint=t("start.name_hint")),
            LineField("code", t("start.code"), required=True, hint=t("start.code_hint")),
            LineField("letter", t("start.letter"), required=True),
            LineField("district_name", t("start.district_name"), required=True, hint=t("start.district_name_hint")),
            LineField("district_code", t("start.district_code"), required=True, hint=t("start.district_code_hint"), digits=True),
            LineField("opens", t("start.opens"), required=True),
            LineField("closes", t("start.closes"), required=True),
            gap=10,
        )  # fmt: skip
        self.set_values({"letter": "A", "opens": "08:30", "closes": "17:30"})
        self.note("name", t("start.code_help"))
        self.beside("code", "letter")
        self.beside("district_name", "district_code")
        self.beside("opens", "closes")

    def submit(self) -> None:
        """As a form does, once the station is one that can be."""
        values = self.values()
        if all(values.values()):
            try:
                stations.check(planned(values, {"keeper": "", "password": "", "pin": ""}).station)
            except UserMistake as mistake:
                if self.tell(mistake):
                    return
        super().submit()


class KeeperStep(StepForm):
    """The first keeper: name, password twice, a PIN if wished."""

    def __init__(self) -> None:
        super().__init__(
            LineField("keeper", t("start.keeper"), required=True, hint=t("start.keeper_hint")),
            PasswordField("password", t("start.password", n=vault.SHORTEST_PASSWORD)),
            PasswordField("again", t("start.again")),
            PasswordField("pin", t("start.pin"), required=False),
            gap=10,
        )
        self.note("keeper", t("start.keeper_help"))
        self.note("pin", t("start.pin_help"))
        self.beside("password", "again")
        self._column.insertWidget(
            self._column.indexOf(self.field("pin")), Text(t("start.password_help"), "small", wrap=True)
        )

    def submit(self) -> None:
        """As a form does, once password and PIN can be."""
        values = self.values()
        try:
            if values["password"]:
                vault.check_password(values["password"])
            if values["pin"]:
                vault.check_pin(values["pin"])
        except UserMistake as mistake:
            if self.tell(mistake):
                return
        if values["password"] and values["again"] and values["again"] != values["password"]:
            self.show_error("again", t("start.differs"))
            return
        super().submit()


class Summary(QWidget):
    """Everything once more, before anything is made."""

    def __init__(self) -> None:
        super().__init__()
        self._facts = {
            name: Fact(t(word))
            for name, word in (
                ("station", "start.name"), ("code", "start.code"), ("district", "start.district_name"),
                ("hours", "start.hours"), ("keeper", "start.keeper"), ("pin", "start.pin"), ("place", "start.place"),
            )
        }  # fmt: skip
        f = self._facts
        self.setLayout(
            Column(
                f["station"], Row(f["code"], f["district"], gap=14), Row(f["hours"], f["keeper"], gap=14), f["pin"],
                f["place"], Text(t("start.summary_help"), "small", wrap=True), None, gap=12,
            )
        )  # fmt: skip

    def show_plan(self, plan: Plan, place: str) -> None:
        """Show what will be made and where."""
        station = plan.station
        shown: Mapping[str, str] = {
            "station": station.name, "code": f"{station.code}-{station.letter}", "keeper": plan.keeper, "place": place,
            "district": f"{station.district_name} {station.district_code}", "hours": f"{station.opens} – {station.closes}",
            "pin": t("start.pin_set") if plan.pin else t("start.pin_none"),
        }  # fmt: skip
        for name, text in shown.items():
            self._facts[name].set(text)

    def texts(self) -> dict[str, str]:
        """What is shown, by name."""
        return {name: fact.accessibleName() for name, fact in self._facts.items()}

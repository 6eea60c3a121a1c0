"""The sheets of the people page: 办卡, 改资料, and what is held on a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QScrollArea, QWidget

from ...errors import StationError
from ...model import Consent, Occupation, Person
from ...services import people
from ...services.privacy import Held
from ...words import label, t
from ..feedback import sentence
from ..forms import ChoiceField, Field, Form, LineField
from ..kit import Button, Column, Fact, Pill, Row, Text
from ..names import person_name
from .people_text import who

FIELD_OF = {"people.bad_phone": "phone", "people.long_name": "name", "people.needs_consent": "consent"}
"""Where the sentence of an error stands, by its id."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled in; name and phone are "" unless the person agreed."""

    occupation: Occupation
    platform: str
    consent: Consent
    name: str
    phone: str


class _NoticeField(Field):
    """The notice that people agree to, readable where they agree."""

    def __init__(self, note: str, months: int) -> None:
        super().__init__("notice", t("people_page.notice_title", version=people.NOTICE_VERSION))
        self._put(Text("\n".join(filter(None, (t("notice.short", months=months), note))), "small", wrap=True))

    def value(self) -> None:
        """Nothing is filled in here."""

    def set_value(self, value: Any) -> None:
        """Nothing is filled in here."""


class PersonForm(Form):
    """Occupation, employer, consent, and with consent name and phone. Enter submits from every field.

    ``months`` is how long somebody who does not come is kept, as the notice says.
    """

    filled = Signal(object)

    def __init__(self, months: int, *, consents: tuple[Consent, ...] = tuple(Consent), note: str = "") -> None:
        options = [(code.value, t("people_page.no_name") if code is Consent.NONE else label(code)) for code in consents]
        self.occupation = ChoiceField(
            "occupation", t("people_page.occupation"), [(code.value, label(code)) for code in Occupation], keys=True
        )
        self.consent = ChoiceField("consent", t("people_page.consent_question"), options, keys=True)
        self.name = LineField("name", t("people_page.name"), hint=t("people_page.name_hint"))
        self.phone = LineField("phone", t("people_page.phone"), hint=t("people_page.phone_hint"), digits=True)
        platform = LineField("platform", t("people_page.platform"), hint=t("people_page.platform_hint"))
        self._saving = False
        super().__init__(self.occupation, platform, self.consent, _NoticeField(note, months), self.name, self.phone, gap=4)
        self.consent.changed.connect(self._open_names)
        self.submitted.connect(self._hand_over)

    def add(self, field: Field) -> None:
        """A field from which Enter submits: most people leave the second half empty."""
        super().add(field)
        field.entered.disconnect()
        field.entered.connect(self.submit)

    def fill(self, occupation: Occupation, consent: Consent, platform: str = "", name: str = "", phone: str = "") -> None:
        """Show these contents."""
        self.set_values(
            {"occupation": occupation.value, "consent": consent.value, "platform": platform, "name": name, "phone": phone}
        )
        self._open_names()

    def submit(self) -> None:
        """Say ``filled``; with consent but without a name go there first, and complain the second time."""
        agreed = self.consent.value() != Consent.NONE.value
        if agreed and not self.name.value():
            if self.name.line.hasFocus() or self.phone.line.hasFocus():
                self.show_error("name", t("people_page.name_needed"))
            else:
                self._go_to_name()
        elif not self._saving:
            super().submit()

    def refused(self, error: StationError) -> bool:
        """Show an error at its field; False when it belongs to none. What was typed stays."""
        self._saving = False
        field = FIELD_OF.get(error.word)
        if field is not None:
            self.show_error(field, sentence(error))
        return field is not None

    def _hand_over(self, values: dict[str, Any]) -> None:
        self._saving = True
        consent = Consent(values["consent"])
        agreed = consent is not Consent.NONE
        self.filled.emit(
            Filled(
                Occupation(values["occupation"]), values["platform"], consent,
                values["name"] if agreed else "", values["phone"] if agreed else "",
            )
        )  # fmt: skip

    def _go_to_name(self) -> None:
        """Put the cursor into the name, with the phone below in view where the sheet is too low for all."""
        self.name.take_focus()
        around = self.parentWidget()
        while around is not None and not isinstance(around, QScrollArea):
            around = around.parentWidget()
        if around is not None:
            around.ensureWidgetVisible(self.phone)

    def _open_names(self) -> None:
        agreed = self.consent.value() not in ("", Consent.NONE.value)
        self.name.setEnabled(agreed)
        self.phone.setEnabled(agreed)


class Registered(QWidget):
    """What 办卡 led to: the card number, large, and its printing."""

    print_asked = Signal()
    again_asked = Signal()

    def __init__(self, person: Person) -> None:
        super().__init__()
        self.person = person
        self.number = Text(person.card_number, "figure", selectable=True)
        self.print_button = Button(t("people_page.print"), "primary", icon="print", key="Enter")
        self.again_button = Button(t("people_page.register_again"), key="Ctrl+N")
        self.print_button.clicked.connect(self.print_asked)
        self.again_button.clicked.connect(self.again_asked)
        self.setLayout(
            Column(
                Row(Pill(t("people_page.registered_pill"), "good", icon="check"), None), Text(person_name(person), "strong", wrap=True),
                Text(who(person), "muted", wrap=True), Text(t("people_page.card_number"), "small"), self.number,
                Text(t("people_page.card_hint"), "muted", wrap=True), Row(self.print_button, self.again_button, None, gap=8), None,
            )
        )  # fmt: skip
        self.setFocusProxy(self.print_button)


class HeldSheet(QWidget):
    """What is held on a person, to be read out, shown, copied or printed for them."""

    print_asked = Signal()

    def __init__(self, held: Held, *, copy: Callable[[str], None] | None = None) -> None:
        super().__init__()
        self.held = held
        from ...paper.privacy import held_lines  # the desk registers people by this room, and prints nothing

        self.lines = held_lines(held)
        self._copy = copy or QGuiApplication.clipboard().setText
        self.print_button = Button(t("people_page.held_print"), "primary", icon="print", key="Enter")
        self.copy_button = Button(t("people_page.copy"), icon="copy")
        self.copied = Text("", "good")
        self.print_button.clicked.connect(self.print_asked)
        self.copy_button.clicked.connect(self._put)
        column = Column(
            Text(t("people_page.held_intro"), "muted", wrap=True), Row(self.print_button, self.copy_button, self.copied, None, gap=8),
            gap=10,
        )  # fmt: skip
        for title, text in self.lines:
            column.addWidget(Fact(title, text, wrap=True))
        column.addWidget(Text(t("held.rest"), "small", wrap=True))
        column.addStretch(1)
        self.setLayout(column)
        self.setFocusProxy(self.print_button)

    def text(self) -> str:
        """The same as plain text."""
        from ...paper.privacy import held_text

        return held_text(self.held)

    def _put(self) -> None:
        self._copy(self.text())
        self.copied.set(t("people_page.copied"))


class AgreeForm(Form):
    """The notice as it is today, for somebody who agreed to an older one; submitting says that they agree."""

    def __init__(self, months: int) -> None:
        super().__init__(_NoticeField("", months), gap=4)

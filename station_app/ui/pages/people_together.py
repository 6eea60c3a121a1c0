"""Sheets about two people: two records that are one person, and who may collect for whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ...model import Circle, Person
from ...services.duplicates import Suggestion
from ...services.privacy import Held
from ...words import label, t
from ..forms import ChoiceField, Field, Form, LineField
from ..jobs import Jobs
from ..kit import Button, Column, Row, Text
from ..names import person_name
from .people_text import who
from .requests_form import PersonField


class Said(Field):
    """Words between the fields of a form, with buttons below them."""

    def __init__(self, name: str, text: str, tone: str = "muted", buttons: Sequence[Button] = ()) -> None:
        super().__init__(name, "")
        self.text = Text(text, tone, wrap=True)
        inner = QWidget()
        inner.setLayout(Column(self.text, *([Row(*buttons, None, gap=8)] if buttons else []), gap=4))
        self._label.hide()
        self._put(inner)

    def value(self) -> None:
        """Nothing is filled in here."""

    def set_value(self, value: Any) -> None:
        """Nothing is filled in here."""

    def take_focus(self) -> None:
        """There is nothing to type into."""


class _Chosen(PersonField):
    """Somebody has to be chosen here."""

    def __init__(self, jobs: Jobs, name: str, title: str) -> None:
        super().__init__(jobs, name, title)
        self.line.setPlaceholderText("")

    def problem(self) -> str:
        """Whoever was typed has to be somebody, and somebody has to be typed."""
        return super().problem() or ("" if self.value() else t("kit.required"))


class _TogetherForm(Form):
    def take_focus(self) -> None:
        """Who else it is about is asked first."""
        self.field("other").take_focus()


class MergeForm(_TogetherForm):
    """Which other record is of the same person, and why; ``apart`` says of a suggested one that it is somebody else.

    ``asked`` gives (the other's id, reason).
    """

    asked = Signal(str, str)
    apart = Signal(str)

    def __init__(self, jobs: Jobs, person: Person, suggested: Sequence[Suggestion]) -> None:
        self.other = _Chosen(jobs, "other", t("people_page.merge_other"))
        reason = LineField("reason", t("people_page.merge_reason"), hint=t("people_page.merge_reason_hint"))
        self.twins: list[Said] = []
        for one in suggested[:3]:
            twin = one.second if one.first.id == person.id else one.first
            self.twins.append(self._twin(twin, one.why))
        means = Said("means", t("people_page.merge_means", name=person_name(person)))
        super().__init__(means, *self.twins, self.other, reason)
        self.submitted.connect(lambda values: self.asked.emit(values["other"], values["reason"]))

    def _twin(self, twin: Person, why: str) -> Said:
        fields = {"name": person_name(twin), "who": who(twin), "n": twin.visits}
        word = t("people_page.twin_phone", **fields) if why == "phone" else t("people_page.twin_name", **fields)
        same, apart = Button(t("people_page.twin_same")), Button(t("people_page.twin_apart"))
        said = Said(f"twin-{twin.id}", word, "body", [same, apart])
        same.clicked.connect(lambda: self.other.set_value(twin))
        apart.clicked.connect(lambda: self._is_other(said, twin.id))
        return said

    def _is_other(self, said: Said, twin_id: str) -> None:
        said.hide()
        self.apart.emit(twin_id)


class CircleForm(_TogetherForm):
    """Who belongs to the same household or team. ``asked`` gives (the other's id, the Circle), ``left`` that they leave it."""

    asked = Signal(str, object)
    left = Signal()

    def __init__(self, jobs: Jobs, held: Held) -> None:
        kind = ChoiceField("circle", t("people_page.circle_kind"), [(one.value, label(one)) for one in Circle], keys=True)
        self.other = _Chosen(jobs, "other", t("people_page.circle_other"))
        present = t("terms.list").join(person_name(one) for one in held.companions)
        words = t("people_page.circle_now", names=present) if present else t("people_page.circle_nobody")
        self.leave_button = Button(t("people_page.circle_leave"), "danger")
        now = Said("now", words, "body", [self.leave_button] if present else [])
        super().__init__(Said("means", t("people_page.circle_means")), now, kind, self.other)
        self.leave_button.clicked.connect(self.left)
        self.set_values({"circle": (held.circle or Circle.HOUSEHOLD).value})
        self.submitted.connect(lambda values: self.asked.emit(values["other"], Circle(values["circle"])))

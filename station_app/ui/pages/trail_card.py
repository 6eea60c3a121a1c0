"""Parts of the audit trail page: one step in full, and the line that says whether the chain holds."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from ...paper.trail import about, mark, verified_line, what
from ...services.audit import Verification
from ...services.trail import Step, Whole
from ...words import t
from ..feedback import ProgressStrip
from ..kit import Button, Card, Column, Fact, Pill, Row, Text, rule
from .trail_text import headline, lines, table


class StepDetails(QWidget):
    """One operation: who, when, what; the rows it wrote with before and after; its link; what it undoes or undid it."""

    asked = Signal(int)

    def __init__(self, whole: Whole) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        step = whole.step
        self.links: list[Button] = []
        parts = Column(gap=10)
        parts.addWidget(Text(t("terms.dot").join(part for part in (what(step), about(step)) if part), "strong", wrap=True))
        if remark := mark(step):
            parts.addWidget(Text(remark, "attention", wrap=True))
        parts.addWidget(Fact(t("trail.recorded"), step.recorded[:19].replace("T", " ")))
        if step.time[:16] != step.recorded[:16]:
            parts.addWidget(Fact(t("trail.time"), step.time[:19].replace("T", " ")))
        parts.addWidget(Fact(t("trail.keeper"), step.keeper or t("trail.by_itself")))
        for other, word in ((whole.undoes, "trail.undoes"), (whole.undone_by, "trail.undone_by")):
            if other is not None:
                parts.addLayout(self._link(t(word, no=other.no), other))
        parts.addWidget(rule())
        self._add_rows(parts, whole)
        parts.addWidget(rule())
        parts.addWidget(Fact(t("trail.chain"), _grouped(step.chain), wrap=True))
        parts.addWidget(Fact(t("trail.link_before"), _grouped(whole.before) or t("trail.first_link"), wrap=True))
        parts.addStretch(1)
        self.setLayout(parts)

    def _link(self, text: str, other: Step) -> Row:
        button = Button(text, "link", icon="undo")
        button.clicked.connect(lambda: self.asked.emit(other.no))
        self.links.append(button)
        return Row(button, None)

    def _add_rows(self, parts: Column, whole: Whole) -> None:
        if not whole.tables:
            parts.addWidget(Text(t("trail.no_rows"), "muted", wrap=True))
            return
        counted = t("terms.list").join(t("trail.rows_of", what=table(name), n=n) for name, n in whole.tables.items())
        parts.addWidget(Text(t("trail.wrote", what=counted), "muted", wrap=True))
        for row in whole.rows:
            said = lines(row) or [t("trail.sealed")]
            parts.addLayout(Column(Text(headline(row), "body", wrap=True), *(Text(line, "small", wrap=True) for line in said), gap=2))
        left = sum(whole.tables.values()) - len(whole.rows)
        if left:
            parts.addWidget(Text(t("trail.more_rows", n=left), "muted", wrap=True))


class VerifyCard(Card):
    """The outcome of the last verification, and the button that verifies now. ``asked`` and ``cancelled`` say what is wanted."""

    asked = Signal()
    cancelled = Signal()

    def __init__(self) -> None:
        self.state = Pill("")
        self.told = Text("", wrap=True)
        self.button = Button(t("trail.verify_now"), icon="check")
        self.strip = ProgressStrip()
        row = Row(self.state, gap=10)
        row.addWidget(self.told, 1)
        row.addWidget(self.button)
        super().__init__(row, self.strip, gap=4)
        self.button.clicked.connect(self.asked)
        self.strip.cancelled.connect(self.cancelled)

    def show_outcome(self, found: Verification | None) -> None:
        """What was found last, None before the first time."""
        if found is None:
            self.state.show_state(t("trail.unverified"), "attention")
        elif found.problems:
            self.state.show_state(t("trail.unsound"), "bad")
        else:
            self.state.show_state(t("trail.sound"), "good")
        self.told.set(verified_line(found))


def _grouped(chain: str) -> str:
    """A link in groups of eight, so that two can be compared."""
    return " ".join(chain[start : start + 8] for start in range(0, len(chain), 8))

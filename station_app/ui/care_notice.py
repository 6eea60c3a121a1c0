"""What the window says when something threatens the records: each trouble in short, and below it what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from ..services.care import Trouble
from ..words import t
from .kit import Button, Row, Text


class CareNotice(QWidget):
    """The troubles of this computer, the most serious first, with the advice for each; ``below`` follows them.

    ``rescues`` is called for the way to the rescue of a damaged store, if there is one.
    """

    def __init__(
        self, troubles: Sequence[Trouble], below: QWidget | None = None, *, rescues: Callable[[], None] | None = None
    ) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for trouble in troubles:
            short = t(trouble.word, **trouble.fields)
            column.addWidget(Text(short, "bad" if trouble.severity == "bad" else "strong", wrap=True))
            column.addWidget(Text(t(trouble.advice, **trouble.fields), wrap=True, selectable=True))
            column.addSpacing(12)
        self.rescue = Button(t("rescue.go"), "primary")
        if rescues is not None:
            self.rescue.clicked.connect(rescues)
            column.addLayout(Row(self.rescue, None))
            self.setFocusProxy(self.rescue)
        if below is not None:
            column.addWidget(below)
        column.addStretch(1)

"""What the cards of the first window share, and the way in by the recovery sheet when a password is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QVBoxLayout

from .. import vault
from ..errors import StationError
from ..model import Keeper
from ..words import t
from . import theme
from .feedback import ErrorStrip, ProgressStrip, sentence
from .forms import ChoiceField, Form, PasswordField, TextField
from .kit import Button, Card, Icon, Row, Text

if TYPE_CHECKING:
    from .start import StartWindow


class StartCard(Card):
    """What all cards share: a place for errors, a strip that says what is under way, a width."""

    def __init__(self, window: StartWindow, wide: int) -> None:
        super().__init__(gap=12)
        self._window, self._wide = window, wide
        self.errors = ErrorStrip()
        self.progress = ProgressStrip()
        self.fit()

    def fit(self) -> None:
        """As wide as the writing wants, no wider than the window."""
        self.setFixedWidth(min(theme.tokens().px(self._wide), 1280))

    def settle(self) -> None:
        """Put the cursor where one goes on."""

    def filled(self) -> dict[str, Any]:
        """What was filled in."""
        return {}

    def fill(self, filled: dict[str, Any]) -> None:
        """Fill it in again."""

    def busy(self, text: str, *, cancel: bool = False) -> None:
        """Something began: say so and take nothing else meanwhile; an empty text when it is over."""
        if text:
            self.errors.clear()
            self.progress.start(text, cancel=cancel)
        else:
            self.progress.finish()

    def failed(self, text: str) -> None:
        """It did not work."""
        self.busy("")
        self.errors.show_text(text)


class RecoverCard(StartCard):
    """The recovery sheet typed or scanned, then whose password is forgotten and the new one. Esc goes back."""

    def __init__(self, window: StartWindow) -> None:
        super().__init__(window, 560)
        self._groups: tuple[str, ...] = ()
        self.sheet = Form(TextField("groups", t("start.groups"), required=True, hint="12345 67890 …", lines=4))
        self.sheet.submitted.connect(self._read)
        self.fresh: Form | None = None
        self._hint = Text(t("start.recover_help"), "muted", wrap=True)
        self._fresh = QVBoxLayout()
        self.on, self.back = Button(t("start.next"), "primary", key="Enter"), Button(t("start.back"), key="Esc")
        self.on.clicked.connect(lambda: (self.fresh or self.sheet).submit())
        self.back.clicked.connect(lambda: window.recovering(False))
        escape = QShortcut(QKeySequence("Esc"), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.back.click)
        self.body.addLayout(Row(Icon("lock", "brand", 28), Text(t("start.recover"), "title"), None))
        for part in (self._hint, self.errors, self.sheet):
            self.body.addWidget(part)
        self.body.addLayout(self._fresh)
        self.body.addWidget(self.progress)
        self.body.addLayout(Row(self.on, self.back, None))

    def settle(self) -> None:
        """Put the cursor where one goes on."""
        (self.fresh or self.sheet).take_focus()

    def filled(self) -> dict[str, Any]:
        """What was typed of the sheet."""
        return self.sheet.values()

    def fill(self, filled: dict[str, Any]) -> None:
        """The sheet again; it is read once more."""
        self.sheet.set_values(filled)

    def busy(self, text: str, *, cancel: bool = False) -> None:
        """Nothing else can be pressed meanwhile."""
        super().busy(text, cancel=cancel)
        for widget in (self.sheet, self.fresh, self.on, self.back):
            if widget is not None:
                widget.setEnabled(not text)

    def _read(self, values: dict[str, Any]) -> None:
        self._groups = vault.recovery_groups(values["groups"])
        self.busy(t("start.unlocking"))
        self._window.whose(self._groups, self._ask, self._wrong)

    def _wrong(self, error: StationError) -> None:
        self.busy("")
        self.sheet.show_error("groups", sentence(error))

    def _ask(self, found: list[Keeper]) -> None:
        """The sheet is right: whose password is it about?"""
        self.busy("")
        self.sheet.hide()
        self._hint.set(t("start.recover_who"))
        self.on.set_text(t("start.open_anew"))
        self.fresh = Form(
            ChoiceField("keeper", t("start.whose"), [(one.id, one.name) for one in found], value=found[0].id),
            PasswordField("password", t("start.new_password", n=vault.SHORTEST_PASSWORD)),
            PasswordField("again", t("start.again")),
        )
        self.fresh.submitted.connect(self._open)
        self._fresh.addWidget(self.fresh)
        self.fresh.field("password").take_focus()

    def _open(self, values: dict[str, Any]) -> None:
        if self.fresh is not None and values["password"] != values["again"]:
            self.fresh.show_error("again", t("start.differs"))
            return
        self.busy(t("start.unlocking"))
        self._window.recover(self._groups, values["keeper"], values["password"], self._refused)

    def _refused(self, error: StationError) -> None:
        self.busy("")
        if self.fresh is not None and error.word == "vault.short_password":
            self.fresh.show_error("password", sentence(error))
        else:
            self.failed(sentence(error))

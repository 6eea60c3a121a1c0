"""试扫码器: what a scanner sends, key by key with its times; whether that is fine; what this machine remembers of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QHideEvent, QKeySequence, QPainter, QPaintEvent, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from ... import settings, vault
from ...db import Database
from ...model import Changes
from ...services import preferences
from ...words import t
from ..burst import ANY, GAP, Finding, Heard, Verdict, judge
from ..code_view import CodeView
from ..kit import Button, Card, Column, Notice, Row, Text
from ..page import Shell
from ..painting import CENTRE, box, brush, write
from ..theme import RADIUS_SMALL, face, tokens
from ..trial import Trial

MOST, NEEDED = 5, 2
"""Scans that are judged together at most, and at least before anything is remembered."""
TONES = {Finding.GOOD: "good", Finding.SLOW: "attention", Finding.DIFFERENT: "attention"}


def suffix_words(suffix: str) -> str:
    """What a suffix is called."""
    kind, _, what = suffix.partition(":")
    if kind == "key":
        return t("scanner.suffix_key", name=QKeySequence(int(what)).toString() or what)
    if kind == "text":
        return t("scanner.suffix_text", text=what)
    return t(f"scanner.suffix_{kind or 'any'}")


def verdict_words(verdict: Verdict, text: str) -> str:
    """What was found, in plain words; ``text`` is what the last scan wrote."""
    if verdict.finding is Finding.UNREAD:
        return t("scanner.unread", text=text if len(text) <= 40 else f"{text[:39]}…")
    told = t(f"scanner.{verdict.finding.value}", n=verdict.slowest, suffix=suffix_words(verdict.suffix))
    return " ".join([told, *(t(f"scanner.oddity_{oddity.value}") for oddity in verdict.oddities)])


class KeyStrip(QWidget):
    """The keys of one scan in their order, each with the milliseconds since the one before."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: list[Heard] = []
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(policy)

    def show_keys(self, keys: Sequence[Heard]) -> None:
        """Show these."""
        self._keys = list(keys)
        self.setAccessibleName(" ".join(key.name for key in keys))
        self._fit()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many rows as the width needs."""
        super().resizeEvent(event)
        self._fit()

    def _cell(self) -> tuple[int, int]:
        return tokens().px(42), tokens().px(46)

    def _fit(self) -> None:
        wide, high = self._cell()
        across = max(1, self.width() // wide)
        self.setFixedHeight(max(1, -(-len(self._keys) // across)) * high)

    def sizeHint(self) -> QSize:
        """A row of eight."""
        wide, high = self._cell()
        return QSize(wide * 8, high)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A box with the key, its time below."""
        worn = tokens()
        painter = QPainter(self)
        brush(painter)
        wide, high = self._cell()
        across = max(1, self.width() // wide)
        for place, key in enumerate(self._keys):
            row, column = divmod(place, across)
            spot = QRectF(column * wide + 1, row * high + 1, wide - 3, high * 0.56)
            box(painter, spot, worn.card, worn.line, radius=RADIUS_SMALL / 2)
            short = "Enter" if key.name == "Return" else key.name[:5]
            write(painter, spot, short, face(worn.body if len(short) < 4 else worn.small, bold=True), worn.ink, CENTRE)
            if place:
                below = QRectF(spot.x(), spot.bottom(), spot.width(), high * 0.36)
                write(painter, below, str(key.after), face(worn.small), worn.bad if key.after > GAP else worn.muted, CENTRE)


class ScannerTrial(QWidget):
    """The sheet: scan two or three times, read what is said, remember it."""

    def __init__(self, shell: Shell, *, clock: Callable[[], float] | None = None) -> None:
        super().__init__()
        self._shell, self._clock = shell, clock
        self._scans: list[list[Heard]] = []
        self.trial: Trial | None = None
        self.verdict: Verdict | None = None
        self.told = Notice(t("scanner.waits"), "plain")
        self.strip = KeyStrip()
        self.parts = Text("", "muted", wrap=True)
        self.remember = Button(t("scanner.remember"), "primary", key="Ctrl+Enter")
        self.again = Button(t("scanner.again"))
        self.forget = Button(t("scanner.forget"), "link")
        self.remember.setEnabled(False)
        self.remember.clicked.connect(self._remember)
        self.again.clicked.connect(self.start_over)
        self.forget.clicked.connect(lambda: self._save(GAP, ANY))
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(keys), self, self.remember.click)
        code = CodeView(vault.TRIAL_BADGE)
        beside = Column(Text(t("scanner.how"), wrap=True), Text(t("scanner.how_else"), "small", wrap=True), None, gap=6)
        top = Row(code, gap=14)
        top.addLayout(beside, 1)
        below = Row(self.remember, self.again, None, gap=8)
        self.setLayout(Column(top, self.told, self.strip, self.parts, below, Row(self.forget, None), None, gap=12))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def showEvent(self, event: QShowEvent) -> None:
        """From now on keys are heard here."""
        super().showEvent(event)
        app = QApplication.instance()
        if self.trial is None and app is not None:
            self.trial = Trial(app, clock=self._clock)
            self.trial.heard.connect(self.hear)

    def hideEvent(self, event: QHideEvent) -> None:
        """The sheet is left."""
        super().hideEvent(event)
        if self.trial is not None:
            self.trial.stop()
            self.trial.deleteLater()
            self.trial = None

    def start_over(self) -> None:
        """Forget what was scanned so far."""
        self._scans = []
        self.verdict = None
        self.told.show_text(t("scanner.waits"), "plain")
        self.strip.show_keys([])
        self.parts.set("")
        self.remember.setEnabled(False)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def hear(self, keys: list[Heard]) -> None:
        """One scan arrived."""
        self._scans = [*self._scans, keys][-MOST:]
        self.verdict = verdict = judge(self._scans)
        text = "".join(key.text for key in keys)
        self.told.show_text(verdict_words(verdict, text), TONES.get(verdict.finding, "bad"))
        self.strip.show_keys(keys)
        badge = vault.read_badge(verdict.code)
        known = t("scanner.code", code=verdict.code) if badge is not None or verdict.finding is not Finding.UNREAD else ""
        fine = verdict.finding in (Finding.GOOD, Finding.SLOW)
        more = t("scanner.once_more") if fine and len(self._scans) < NEEDED else ""
        self.parts.set("\n".join(part for part in (known, more) if part))
        self.remember.setEnabled(fine and len(self._scans) >= NEEDED)

    def _remember(self) -> None:
        if self.verdict is not None:
            self._save(self.verdict.gap, self.verdict.suffix)

    def _save(self, gap: int, suffix: str) -> None:
        def save(db: Database) -> tuple[tuple[int, str], Changes]:
            preferences.change(db, settings.SCAN_SUFFIX.name, suffix)
            return (gap, suffix), preferences.change(db, settings.SCAN_GAP.name, str(gap))

        def saved(found: tuple[int, str]) -> None:
            self._shell.close_sheet()
            self._shell.tell(t("scanner.remembered", suffix=suffix_words(found[1])) if found != (GAP, ANY) else t("scanner.forgotten"))

        self._shell.jobs.run(save, saved, self._shell.sheet_error)


class ScannerCard(Card):
    """What this machine knows of its scanner, the way to try it, and what a scan said on this page."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.try_it = Button(t("scanner.try"), icon="scan")
        self.try_it.clicked.connect(self.open_trial)
        super().__init__(gap=6, title=t("settings.scanner"), aside=self.try_it)
        self.known = Text("", wrap=True)
        self.scan_text, self.scan_parts = Text("", "strong", wrap=True, selectable=True), Text("", "muted", wrap=True)
        self.scan_parts.set(t("settings.scanner_waits"))
        self.scan_text.hide()
        for part in (self.known, self.scan_text, self.scan_parts):
            self.body.addWidget(part)

    def show_scanner(self, scanner: tuple[int, str]) -> None:
        """What is remembered."""
        gap, suffix = scanner
        self.known.set(t("scanner.known", n=gap, suffix=suffix_words(suffix)) if (gap, suffix) != (GAP, ANY) else t("scanner.usual"))

    def open_trial(self) -> None:
        """The sheet to try it in."""
        self._shell.open_sheet(t("settings.scanner"), ScannerTrial(self._shell), cancel=t("kit.close"))

    def show_scan(self, text: str) -> None:
        """A scan on this page, with its parts."""
        badge = vault.read_badge(text)
        self.scan_text.set(text)
        self.scan_text.show()
        if badge is not None:
            told = t(
                "settings.scanned_badge", version=badge.version, district=badge.district, number=badge.random_id,
                check=text[-1],
            )  # fmt: skip
        elif len(text) == vault.BADGE_DIGITS and text.isdigit():
            told = t("settings.scanned_wrong")
        else:
            told = t("settings.scanned_other", n=len(text))
        self.scan_parts.set(told)

"""Loans at the desk: a thing and a badge in either order lend, a thing alone comes back, a key ends what somebody has.

What is scanned while somebody stands here goes to them; what is scanned alone and is here waits for whoever comes next, who has
it then or nobody does (0 lends it without a name, Esc puts it away).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from ...model import Changes, Visit
from ...services.loans import Asset, Did, Loan, Scanned
from ...words import t
from .. import actions, when
from ..kit import Column, Notice, clear
from ..page import Shell

STANDS_HERE = timedelta(minutes=3)
"""How long after a scan or a count a thing goes to whoever it was."""
WAITS = 60_000
"""Milliseconds a thing waits for somebody's badge."""
SHOWN = 2
"""Loans of one person that are named; the others are counted."""


def loan_line(loan: Loan, now: datetime, today: date) -> str:
    """雨伞 08 借出 3 天，应于昨天归还."""
    days = (today - date.fromisoformat(loan.business_date)).days
    due = datetime.fromisoformat(loan.due)
    name = loan.title if loan.left == 1 else t("desk.loan_many", title=loan.title, count=loan.left)
    if due < now or date.fromisoformat(loan.due[:10]) != today:
        due_day = when.day(loan.due, today)
    else:
        due_day = t("desk.loan_today", time=loan.due[11:16])
    if days == 0:
        return t("desk.loan_since", title=name, time=loan.time[11:16], due=due_day)
    return t("desk.loan_days", title=name, n=days, due=due_day)


class LoanRows(QWidget):
    """What whoever is on the card has of the house, each with its way back; ``wanted`` names the loan to end."""

    wanted = Signal(str)
    more = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._column = Column(gap=8)
        self.setLayout(self._column)
        self._shown: tuple[tuple[str, str, bool], ...] = ()
        self._first = ""
        self.hide()

    def show_loans(self, loans: Sequence[Loan], now: datetime) -> None:
        """Show these, what is due first at the top; nothing for none."""
        lines = tuple((loan.id, loan_line(loan, now, now.date()), loan.overdue(now)) for loan in loans)
        self._first = lines[0][0] if lines else ""
        self.setVisible(bool(lines))
        if lines == self._shown:
            return
        self._shown = lines
        clear(self._column)
        for number, (loan_id, text, overdue) in enumerate(lines[:SHOWN]):
            notice = Notice(
                text, "attention" if overdue else "plain", icon="umbrella", action=t("desk.give_back"), key="" if number else "0"
            )
            notice.acted.connect(lambda loan_id=loan_id: self.wanted.emit(loan_id))
            self._column.addWidget(notice)
        if len(lines) > SHOWN:
            rest = Notice(t("desk.more_loans", n=len(lines) - SHOWN), "plain", action=t("desk.see_loans"))
            rest.acted.connect(self.more)
            self._column.addWidget(rest)

    @property
    def first(self) -> str:
        """The loan that 0 ends, "" for none."""
        return self._first

    def lines(self) -> list[str]:
        """What is written."""
        return [text for _id, text, _overdue in self._shown[:SHOWN]]


class DeskLoans(QObject):
    """The deeds of the desk about things that are lent. ``waiting`` says which thing waits for somebody, or None."""

    waiting = Signal(object)

    def __init__(self, shell: Shell, standing: Callable[[], Visit | None], parent: QObject) -> None:
        super().__init__(parent)
        self._shell, self._standing = shell, standing
        self.pending: Asset | None = None
        self._gives_up = QTimer(self, singleShot=True, interval=WAITS)
        self._gives_up.timeout.connect(self.put_away)

    def scanned(self, text: str) -> None:
        """A thing was scanned or its number typed."""
        on = self._here()
        self.put_away()
        actions.scan_asset(
            self._shell.jobs, text, self._done, self._shell.tell_error, person_id=on.person_id if on else None,
            visit_id=on.id if on else None, occupation=on.occupation if on else None,
        )  # fmt: skip

    def arrived(self, visit: Visit) -> None:
        """Somebody was scanned or counted: the thing that waits is theirs."""
        if self.pending is not None:
            self._lend(visit)

    def lend_to_nobody(self) -> bool:
        """0: the thing that waits is lent without a name; False when none waits."""
        if self.pending is None:
            return False
        self._lend(None)
        return True

    def give_back(self, loan_id: str) -> None:
        """A loan on the card came back."""

        def done(outcome: tuple[Loan, Changes]) -> None:
            loan, changes = outcome
            self._told(loan, changes, Did.RETURNED)

        actions.end_loan(self._shell.jobs, loan_id, done, self._shell.tell_error)

    def put_away(self) -> bool:
        """Nothing waits any more; False when nothing did."""
        had, self.pending = self.pending is not None, None
        self._gives_up.stop()
        if had:
            self.waiting.emit(None)
        return had

    def _here(self) -> Visit | None:
        visit = self._standing()
        if visit is None:
            return None
        passed = self._shell.jobs.db.now() - datetime.fromisoformat(visit.time)
        return visit if abs(passed) < STANDS_HERE else None

    def _lend(self, visit: Visit | None) -> None:
        asset, more = self.pending, {}
        self.put_away()
        if asset is None:
            return
        if visit is not None:
            more = {"person_id": visit.person_id, "visit_id": visit.id, "occupation": visit.occupation}
        actions.lend(
            self._shell.jobs, asset.id, lambda outcome: self._told(outcome[0], outcome[1], Did.LENT), self._shell.tell_error, **more
        )

    def _done(self, outcome: tuple[Scanned, Changes | None]) -> None:
        found, changes = outcome
        if found.did is Did.WAITS or found.loan is None or changes is None:
            self.pending = found.asset
            self._gives_up.start()
            self.waiting.emit(found.asset)
            self._shell.tell(t("desk.asset_waits", title=found.asset.title))
            return
        self._told(found.loan, changes, found.did)

    def _told(self, loan: Loan, changes: Changes, did: Did) -> None:
        today = self._shell.jobs.db.now().date()
        if did is Did.RETURNED:
            self._shell.tell_undoable(t("desk.returned", title=loan.title), changes)
            return
        text = t("desk.lent", title=loan.title, due=when.moment(loan.due, today))
        self._shell.tell_undoable(text + (t("desk.lent_short") if loan.short else ""), changes)



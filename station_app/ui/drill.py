"""The strip of a practice day: the next task and how to do it, a mark for each that was really done, the way out.

It asks the records after every change (``services.drill``): a press that recorded nothing ticks nothing.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from ..services import drill
from ..services.drill import Course, Task
from ..words import t
from .feedback import announce
from .jobs import Jobs
from .kit import Button, Column, Pill, Row, Text
from .painting import CENTRE, box, brush, write
from .theme import face, tokens


class Marks(QWidget):
    """One small mark a task: a full one for what was done, a ring for the next, a plain one for what comes later."""

    def __init__(self) -> None:
        super().__init__()
        self._course = Course(frozenset())
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_course(self, course: Course) -> None:
        """Show how far it is."""
        self._course = course
        done = len(course.done)
        self.setAccessibleName(t("drill.of", number=done, total=len(Task)))
        self.update()

    def sizeHint(self) -> QSize:
        """Twelve pixels a mark, and the figure."""
        return QSize(tokens().px(16) * len(Task) + tokens().px(46), tokens().px(24))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The marks in order, then 3/10."""
        worn = tokens()
        painter = QPainter(self)
        brush(painter)
        side, step = worn.px(10), worn.px(16)
        for place, task in enumerate(Task):
            rect = QRectF(place * step + 1, (self.height() - side) / 2, side, side)
            done, is_next = task in self._course.done, task is self._course.next
            edge = worn.good if done else worn.brand if is_next else worn.line
            box(painter, rect, worn.good if done else worn.card, edge, radius=side / 2)
        rest = QRectF(len(Task) * step, 0, self.width() - len(Task) * step, self.height())
        write(painter, rest, t("drill.of", number=len(self._course.done), total=len(Task)), face(worn.small), worn.muted, CENTRE)


class DrillStrip(QFrame):
    """Between the top bar and the pages of a practice station. ``left`` when the practice is to end."""

    left = Signal()

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self._course: Course | None = None
        self.setProperty("ground", "bar")
        self.setProperty("edge", "bottom")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.marks = Marks()
        self.task, self.how = Text("", "strong", wrap=True), Text("", wrap=True)
        self.done = Text("", "good")
        self.done.hide()
        self.leave = Button(t("drill.leave"), key="Ctrl+Q")
        self.leave.clicked.connect(self.left)
        self.leave.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        head = Row(Pill(t("drill.mark"), "attention"), self.marks, gap=12)
        head.addWidget(self.task, 1)
        head.addWidget(self.done)
        whole = Row(gap=14)
        whole.setContentsMargins(20, 6, 20, 6)
        whole.addLayout(Column(head, self.how, gap=2), 1)
        whole.addWidget(self.leave)
        self.setLayout(whole)
        self.look()

    def look(self) -> None:
        """Ask the records what was done."""
        self._jobs.read(drill.course, self.show_course, key="drill")

    def show_course(self, course: Course) -> None:
        """The next task; what was just done is said beside it."""
        before, self._course = self._course, course
        self.marks.show_course(course)
        if course.next is None:
            self.task.set(t("drill.all_done"))
            self.how.set(t("drill.all_done_how"))
        else:
            self.task.set(t(f"drill.task_{course.next.value}"))
            self.how.set(t(f"drill.how_{course.next.value}"))
        fresh = [task for task in Task if before is not None and task in course.done - before.done]
        if fresh:
            self.done.set(t("drill.done", task=t(f"drill.task_{fresh[-1].value}")))
        self.done.setVisible(bool(fresh) and course.next is not None and not tokens().large)  # there is no room for it
        if before is None or fresh:
            announce(self.task, f"{self.task.text()} {self.how.text()}")

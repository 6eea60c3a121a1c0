"""借用: what is lent here and who has it; lending, coming back, losing, mending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ...db import Database
from ...model import AssetKind, AssetMove, LoanOutcome, Op
from ...services import history, loans, people
from ...services.loans import Asset, Loan
from ...words import label, t
from .. import when
from ..forms import ChoiceField, Field, LineField, NumberField
from ..kit import Button, EmptyState
from ..names import person_name
from ..page import Page, Shell
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table
from .desk_loans import loan_line
from .house_parts import Deed, Entered, Part, ThingCard

ERRORS = {
    "loans.bad_name": "name", "loans.name_taken": "name", "loans.bad_hours": "due_hours", "loans.bad_quantity": "quantity",
    "loans.not_so_many": "quantity", "loans.bad_deposit": "deposit", "loans.long_note": "note", "loans.only_one": "quantity",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A thing as the table shows it: its open loans, and what their people are called."""

    asset: Asset
    open: tuple[Loan, ...]
    names: Mapping[str, str]

    @property
    def id(self) -> str:
        """The thing's id."""
        return self.asset.id


@dataclass(frozen=True, slots=True)
class View:
    """Everything that is lent, now."""

    now: datetime
    lines: tuple[Line, ...]

    @property
    def out(self) -> int:
        """How many things are out."""
        return sum(line.asset.out for line in self.lines)


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing with its past; ``operations`` what of today can be taken back, by loan."""

    line: Line
    now: datetime
    past: tuple[Loan, ...]
    operations: Mapping[str, str]


def read(db: Database) -> View:
    """Everything that is lent, what is overdue first, then what is out."""
    now, out = db.now(), loans.open_loans(db)
    by_asset: dict[str, list[Loan]] = {}
    for loan in out:
        by_asset.setdefault(loan.asset_id, []).append(loan)
    names = _names(db, out)
    lines = [Line(asset, tuple(by_asset.get(asset.id, ())), names) for asset in loans.assets(db)]

    def rank(line: Line) -> tuple[int, str, int]:
        late = any(loan.overdue(now) for loan in line.open)
        return (0 if late else 1 if line.open else 2, line.asset.name, line.asset.number)

    return View(now, tuple(sorted(lines, key=rank)))


def read_one(db: Database, asset_id: str) -> Detail:
    """One thing in full."""
    asset, past = loans.get(db, asset_id), loans.of_asset(db, asset_id, 30)
    open_ones = tuple(sorted((loan for loan in past if loan.left), key=lambda loan: loan.due))
    today, operations = db.stamp().business_date, {}
    for loan in past:
        for table, row_id, time in [("loan", loan.id, loan.time), *(("loan_end", end.id, end.time) for end in loan.ends)]:
            line = history.of_row(db, table, row_id) if time[:10] == today else None
            if line is not None and line.undoable:
                operations[row_id] = line.operation
    return Detail(Line(asset, open_ones, _names(db, past)), db.now(), tuple(past), operations)


def _names(db: Database, found: Any) -> dict[str, str]:
    ids = sorted({loan.person_id for loan in found if loan.person_id})
    return {one.id: person_name(one) for one in people.several(db, ids)} if ids else {}


def holder(line: Line, loan: Loan) -> str:
    """Who has it, or that nobody in particular does."""
    return line.names.get(loan.person_id, t("desk.visitor")) if loan.person_id else t("house_page.nobody")


class LoansPart(Part):
    """The list of things with who has them; at the right one thing, its loans and what can be done."""

    tables = frozenset({"asset", "asset_move", "loan", "loan_end", "person", "identity"})

    def __init__(self, shell: Shell, page: Page) -> None:
        self._now = datetime.now().astimezone()
        self._wanted = ""
        self.rows = RowsModel(self._columns())
        table = Table(self.rows, rows=52, name=t("house_page.loans_tab"))
        self._keeps = page.may(Op.ADD_ASSET)
        empty = EmptyState("umbrella", t("house_page.no_things"), t("house_page.add_thing") if self._keeps else "", key="Ctrl+N")
        empty.acted.connect(self.new)
        table.set_empty(empty)
        self.detail: Detail | None = None
        self.thing = ThingCard("umbrella", t("house_page.choose_thing"))
        add = Button(t("house_page.add_thing"), "primary", icon="plus", key="Ctrl+N")
        add.clicked.connect(self.new)
        labels = Button(t("house_page.labels"), icon="print")
        labels.clicked.connect(lambda: shell.go("print", "things"))
        super().__init__(shell, table, self.thing, [add, labels] if self._keeps else [labels])
        table.current_record.connect(self._chosen)
        if page.may(Op.LEND):
            table.activated_record.connect(lambda _line: self._usual())

    def _columns(self) -> list[TableColumn]:
        def state(line: Line) -> tuple[str, str]:
            return self._state(line)

        def who(line: Line) -> str:
            if not line.open:
                return ""
            if line.asset.pooled:
                return t("house_page.lent_times", n=len(line.open))
            return holder(line, line.open[0])

        def due(line: Line) -> str:
            return when.moment(line.open[0].due, self._now.date()) if line.open else ""

        return [
            TableColumn(t("house_page.thing"), lambda line: line.asset.title, 170, bold=True, sub=lambda line: label(line.asset.kind)),
            TableColumn(t("house_page.state"), lambda _line: "", 150, pill=state),
            TableColumn(t("house_page.borrower"), who),
            TableColumn(t("house_page.due"), due, 150, muted=True),
        ]

    def _state(self, line: Line) -> tuple[str, str]:
        asset = line.asset
        late = sum(1 for loan in line.open if loan.overdue(self._now))
        if asset.pooled:
            text = t("house_page.pool_state", free=asset.free, owned=asset.owned)
            return text, "bad" if late else "good" if asset.free > 0 else "attention"
        if late:
            return t("house_page.overdue"), "bad"
        if asset.out:
            return t("house_page.out"), "attention"
        if asset.owned < 1:
            return label(LoanOutcome.LOST), "neutral"
        return (t("house_page.broken"), "warming") if asset.broken else (t("house_page.here"), "good")

    # --- showing -----------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read and show."""
        self.shell.jobs.read(read, self._show, key="loans")

    def choose(self, subject: str) -> None:
        """Show one thing by its id."""
        self._wanted = subject

    def _show(self, view: View) -> None:
        self._now = view.now
        self.rows.set_rows(view.lines)
        wanted, self._wanted = self._wanted, ""
        if not (wanted and self.table.choose(wanted)) and self.table.current() is None and view.lines:
            self.table.choose(view.lines[0].id)
        if not view.lines:
            self.thing.show_nothing()

    def _chosen(self, line: Line | None) -> None:
        if line is not None:
            self.shell.jobs.read(lambda db: read_one(db, line.id), self._show_one, key="loans-one")

    def _show_one(self, detail: Detail) -> None:
        self.detail = detail
        line, asset, today = detail.line, detail.line.asset, detail.now.date()
        lines = [t("house_page.asset_code", code=asset.code), t("house_page.lent_for", hours=asset.due_hours)]
        if asset.pooled:
            lines.append(t("house_page.numbers", owned=asset.owned, free=asset.free, out=asset.out, broken=asset.broken))
        if asset.note:
            lines.append(asset.note)
        now_out = [self._out(loan, detail) for loan in line.open]
        past = [one for loan in detail.past for one in self._past(loan, detail, today)]
        sections = [(t("house_page.out_now"), now_out)] if line.open else []
        self.thing.show_thing(asset.title, [self._state(line)], lines, self._deeds(detail), [*sections, (t("house_page.past"), past)])

    def _out(self, loan: Loan, detail: Detail) -> Entered:
        """An open loan with its way back."""
        told = loan_line(loan, detail.now, detail.now.date()).removeprefix(loan.title).strip()
        parts = ((holder(detail.line, loan), True), (f"  {told}", False))
        return Entered(when.short(loan.time, detail.now.date()), parts, t("desk.give_back"), lambda: self._end(loan))

    def _past(self, loan: Loan, detail: Detail, today: date) -> list[Entered]:
        def undo(row_id: str) -> tuple[str, Any]:
            operation = detail.operations.get(row_id)
            return (t("house_page.undo"), lambda: self.shell.undo(operation)) if operation else ("", None)

        who = holder(detail.line, loan)
        found = []
        for end in reversed(loan.ends):
            text = f"  {label(end.outcome)}" + (f" ×{end.quantity}" if end.quantity > 1 else "") + (f"  {end.note}" if end.note else "")
            found.append(Entered(when.short(end.time, today), ((who, False), (text, False)), *undo(end.id)))
        text = f"  {label(Op.LEND)}" + (f" ×{loan.quantity}" if loan.quantity > 1 else "") + (f"  {loan.note}" if loan.note else "")
        found.append(Entered(when.short(loan.time, today), ((who, True), (text, False)), *undo(loan.id)))
        return found

    # --- doing -------------------------------------------------------------------------------------------------------

    def _deeds(self, detail: Detail) -> list[Deed]:
        asset, first = detail.line.asset, detail.line.open[0] if detail.line.open else None
        deeds = []
        if asset.free > 0 or not asset.out:
            deeds.append(Deed(t("house_page.lend"), self._lend, "primary"))
        if first is not None:
            deeds += [
                Deed(t("house_page.prolong"), lambda: self._prolong(first)),
                Deed(t("house_page.came_damaged"), lambda: self._end_with(first, LoanOutcome.DAMAGED)),
                Deed(t("house_page.is_lost"), lambda: self._end_with(first, LoanOutcome.LOST)),
            ]
        if self._keeps:
            if asset.broken:
                deeds.append(Deed(label(AssetMove.MENDED), lambda: self._move(AssetMove.MENDED)))
            if asset.broken or asset.free > 0:
                deeds.append(Deed(label(AssetMove.WRITTEN_OFF), lambda: self._move(AssetMove.WRITTEN_OFF)))
            if asset.pooled or asset.owned < 1:
                deeds.append(Deed(label(AssetMove.FOUND), lambda: self._move(AssetMove.FOUND)))
            if asset.pooled:
                deeds.append(Deed(label(AssetMove.ADDED), lambda: self._move(AssetMove.ADDED)))
            deeds.append(Deed(t("house_page.edit"), self._edit))
        return deeds

    def _usual(self) -> None:
        """Enter: what is out comes back, what is here is lent."""
        if self.detail is None:
            return
        if self.detail.line.open and not self.detail.line.asset.pooled:
            self._end(self.detail.line.open[0])
        else:
            self._lend()

    def new(self) -> None:
        """Ctrl+N: things are added."""
        if not self._keeps:
            return
        fields: list[Field] = [
            ChoiceField("kind", t("house_page.kind"), [(kind.value, label(kind)) for kind in AssetKind], value="umbrella"),
            LineField("name", t("house_page.name"), hint=t("house_page.name_hint")),
            ChoiceField("pooled", t("house_page.how"), [("0", t("house_page.numbered")), ("1", t("house_page.pooled"))], value="0"),
            NumberField("quantity", t("house_page.how_many"), low=1, high=500, value=1),
            NumberField("due_hours", t("house_page.due_hours"), low=1, high=loans.LONGEST, required=False),
            LineField("source", t("house_page.source")), LineField("note", t("house_page.note")),
        ]  # fmt: skip

        def work(db: Database, values: dict[str, Any]) -> Any:
            kind = AssetKind(values["kind"])
            name = values["name"] or label(kind)
            return loans.add(
                db, name, kind, values["quantity"], pooled=values["pooled"] == "1", due_hours=values["due_hours"],
                source=values["source"], note=values["note"],
            )  # fmt: skip

        def told(made: list[Asset]) -> str:
            return t("house_page.told_added", name=made[0].name, n=sum(one.owned for one in made))

        self.ask(t("house_page.add_thing"), fields, work, told, ERRORS, lambda made: self.choose(made[0].id))

    def _edit(self) -> None:
        asset = self.detail.line.asset if self.detail else None
        if asset is None:
            return
        name, hours, note = LineField("name", t("house_page.name"), required=True), NumberField(
            "due_hours", t("house_page.due_hours"), low=1, high=loans.LONGEST, value=asset.due_hours
        ), LineField("note", t("house_page.note"))  # fmt: skip
        active = ChoiceField("active", t("house_page.in_service"), [("1", t("house_page.yes")), ("0", t("house_page.no"))], value="1")
        name.set_value(asset.name)
        note.set_value(asset.note)

        def work(db: Database, values: dict[str, Any]) -> Any:
            return loans.change(
                db, asset.id, name=values["name"], due_hours=values["due_hours"], note=values["note"], active=values["active"] == "1"
            )

        self.ask(asset.title, [name, hours, note, active], work, lambda now: t("house_page.told_changed", name=now.title), ERRORS)

    def _lend(self) -> None:
        asset = self.detail.line.asset if self.detail else None
        if asset is None:
            return
        fields: list[Field] = [NumberField("quantity", t("house_page.how_many"), low=1, high=500, value=1)] if asset.pooled else []
        fields += [
            LineField("card", t("house_page.card"), hint=t("house_page.card_hint"), digits=True),
            NumberField("hours", t("house_page.due_hours"), low=1, high=loans.LONGEST, value=asset.due_hours),
            NumberField("deposit", t("house_page.deposit"), low=0, high=100_000, required=False),
            LineField("note", t("house_page.note"), hint=t("house_page.note_hint")),
        ]

        def work(db: Database, values: dict[str, Any]) -> Any:
            from ...services import badges

            person_id = badges.resolve(db, values["card"]).person_id if values["card"] else None
            return loans.lend(
                db, asset.id, values.get("quantity") or 1, person_id=person_id, deposit=values["deposit"] or 0, hours=values["hours"],
                note=values["note"],
            )  # fmt: skip

        at = {**ERRORS, "badges.unknown": "card", "badges.not_a_badge": "card", "badges.revoked": "card"}

        def told(loan: Loan) -> str:
            return t("desk.lent", title=loan.title, due=when.moment(loan.due, self._now.date()))

        self.ask(t("house_page.lend_title", title=asset.title), fields, work, told, at)

    def _end(self, loan: Loan) -> None:
        self.run(lambda db: loans.end(db, loan.id), lambda now: t("desk.returned", title=now.title))

    def _prolong(self, loan: Loan) -> None:
        self.run(
            lambda db: loans.prolong(db, loan.id),
            lambda now: t("house_page.told_prolonged", title=now.title, due=when.moment(now.due, self._now.date())),
        )

    def _end_with(self, loan: Loan, outcome: LoanOutcome) -> None:
        fields: list[Field] = [LineField("note", t("house_page.note"))]
        if loan.left > 1:
            fields.insert(0, NumberField("quantity", t("house_page.how_many"), low=1, high=loan.left, value=loan.left))

        def work(db: Database, values: dict[str, Any]) -> Any:
            return loans.end(db, loan.id, outcome, values.get("quantity"), values["note"])

        def told(now: Loan) -> str:
            return t("house_page.told_ended", title=now.title, what=label(outcome))

        self.ask(f"{loan.title} {label(outcome)}", fields, work, told, ERRORS)

    def _move(self, kind: AssetMove) -> None:
        asset = self.detail.line.asset if self.detail else None
        if asset is None:
            return
        if not asset.pooled:
            self.run(lambda db: loans.move(db, asset.id, kind), lambda now: t("house_page.told_moved", title=now.title, what=label(kind)))
            return
        fields: list[Field] = [
            NumberField("quantity", t("house_page.how_many"), low=1, high=500, value=1), LineField("note", t("house_page.note")),
        ]  # fmt: skip

        def work(db: Database, values: dict[str, Any]) -> Any:
            return loans.move(db, asset.id, kind, values["quantity"], note=values["note"])

        self.ask(
            f"{asset.title} {label(kind)}", fields, work, lambda now: t("house_page.told_moved", title=now.title, what=label(kind)), ERRORS
        )

"""设备 and 急救箱: the register with its checks and repairs; the first-aid box with what runs out in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ...db import Database
from ...model import BoxAction, Op, RepairState
from ...services import equipment, first_aid, history
from ...services.equipment import Check, Equipment, Repair
from ...services.first_aid import BoxCheck, Medicine
from ...words import label, t
from .. import when
from ..forms import ChoiceField, DateField, Field, LineField, NumberField, TextField
from ..kit import Button, EmptyState
from ..page import Page, Shell
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table
from .house_parts import Deed, Entered, Part, ThingCard

PIECE_ERRORS = {
    "equipment.bad_name": "name", "equipment.code_taken": "code", "equipment.bad_days": "check_days", "equipment.no_fault_told": "note",
    "equipment.long_text": "note",
}  # fmt: skip
BOX_ERRORS = {
    "first_aid.bad_name": "name", "first_aid.name_taken": "name", "first_aid.bad_unit": "unit", "first_aid.bad_quantity": "quantity",
    "first_aid.long_note": "note",
}  # fmt: skip


def _undoable(db: Database, table: str, rows: Mapping[str, str]) -> dict[str, str]:
    """The operation behind each of today's rows (id -> time) that can be taken back."""
    today, found = db.stamp().business_date, {}
    for row_id, time in rows.items():
        line = history.of_row(db, table, row_id) if time[:10] == today else None
        if line is not None and line.undoable:
            found[row_id] = line.operation
    return found


# --- equipment -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Register:
    """The register of today."""

    today: date
    pieces: tuple[Equipment, ...]


@dataclass(frozen=True, slots=True)
class PieceView:
    """One piece with its checks and repairs, and what of today can be taken back, by row."""

    today: date
    piece: Equipment
    checks: tuple[Check, ...]
    repairs: tuple[Repair, ...]
    operations: Mapping[str, str]


def read_register(db: Database) -> Register:
    """The register, what is broken first, then what is to be checked."""
    today = db.stamp().business_date

    def rank(piece: Equipment) -> tuple[int, str]:
        return (0 if piece.fault else 1 if piece.check_due(today) else 2, piece.code)

    return Register(date.fromisoformat(today), tuple(sorted(equipment.listing(db), key=rank)))


def read_piece(db: Database, equipment_id: str) -> PieceView:
    """One piece in full."""
    checks, repairs = equipment.checks(db, equipment_id, 20), equipment.repairs(db, equipment_id)
    operations = _undoable(db, "equipment_check", {one.id: one.time for one in checks}) | _undoable(
        db, "repair", {one.id: max(one.time, one.done, one.accepted) for one in repairs}
    )
    today = date.fromisoformat(db.stamp().business_date)
    return PieceView(today, equipment.get(db, equipment_id), tuple(checks), tuple(repairs), operations)


class EquipmentPart(Part):
    """The register as a list; at the right one piece, its checks and its repairs."""

    tables = frozenset({"equipment", "equipment_check", "repair"})

    def __init__(self, shell: Shell, page: Page) -> None:
        self._today, self._wanted = date.min, ""
        self.view: PieceView | None = None
        self.rows = RowsModel(self._columns())
        table = Table(self.rows, rows=52, name=t("house_page.equipment_tab"))
        self._keeps = page.may(Op.ADD_EQUIPMENT)
        empty = EmptyState("settings", t("house_page.no_equipment"), t("house_page.add_piece") if self._keeps else "", key="Ctrl+N")
        empty.acted.connect(self.new)
        table.set_empty(empty)
        self.thing = ThingCard("settings", t("house_page.choose_thing"))
        add = Button(t("house_page.add_piece"), "primary", icon="plus", key="Ctrl+N")
        add.clicked.connect(self.new)
        super().__init__(shell, table, self.thing, [add] if self._keeps else [])
        table.current_record.connect(self._chosen)
        if self._keeps:
            table.activated_record.connect(lambda _piece: self._check())

    def _columns(self) -> list[TableColumn]:
        def checked(piece: Equipment) -> tuple[str, str] | None:
            return (t("house_page.check_due"), "attention") if piece.check_due(self._today.isoformat()) else None

        def following(piece: Equipment) -> str:
            return when.date_only(piece.next_check, self._today) if piece.next_check else "—"

        return [
            TableColumn(t("house_page.code"), lambda piece: piece.code, 84, muted=True),
            TableColumn(t("house_page.piece"), lambda piece: piece.name, bold=True, sub=lambda piece: piece.model or piece.place),
            TableColumn(t("house_page.state"), lambda _piece: "", 130, pill=self._state),
            TableColumn(t("house_page.next_check"), following, 150, pill=checked),
        ]

    def _state(self, piece: Equipment) -> tuple[str, str]:
        if piece.repair_state is None:
            return t("house_page.in_use"), "good"
        return label(piece.repair_state), "bad" if piece.repair_state is RepairState.REPORTED else "attention"

    def refresh(self) -> None:
        """Read and show."""
        self.shell.jobs.read(read_register, self._show, key="equipment")

    def choose(self, subject: str) -> None:
        """Show one piece by its id."""
        self._wanted = subject

    def _show(self, found: Register) -> None:
        self._today = found.today
        self.rows.set_rows(found.pieces)
        wanted, self._wanted = self._wanted, ""
        if not (wanted and self.table.choose(wanted)) and self.table.current() is None and found.pieces:
            self.table.choose(found.pieces[0].id)
        if not found.pieces:
            self.thing.show_nothing()

    def _chosen(self, piece: Equipment | None) -> None:
        if piece is not None:
            self.shell.jobs.read(lambda db: read_piece(db, piece.id), self._show_one, key="equipment-one")

    def _show_one(self, view: PieceView) -> None:
        self.view = view
        piece, dot = view.piece, t("terms.dot")
        lines = [
            dot.join(part for part in (piece.code, piece.model, piece.place) if part),
            dot.join(
                part
                for part in (
                    t("house_page.bought", day=piece.bought) if piece.bought else "", piece.source,
                    t("house_page.every", n=piece.check_days) if piece.check_days else "",
                    t("house_page.next_on", day=when.date_only(piece.next_check, view.today)) if piece.next_check else "",
                )
                if part
            ),
            piece.note,
        ]  # fmt: skip
        open_one = next((one for one in view.repairs if one.state in equipment.OPEN), None)
        notices = [(t("house_page.fault", text=open_one.fault), "bad" if open_one.state is RepairState.REPORTED else "attention",
                    self._next(open_one))] if open_one else []  # fmt: skip
        deeds = [] if not self._keeps else [
            Deed(t("house_page.check_well"), self._check, "primary"), Deed(t("house_page.check_not_well"), self._fault),
            Deed(t("house_page.edit"), self._edit),
        ]  # fmt: skip
        repairs = [self._repair_line(one, view) for one in view.repairs]
        checks = [self._check_line(one, view) for one in view.checks]
        sections = [(t("house_page.repairs"), repairs), (t("house_page.checks"), checks)]
        self.thing.show_thing(piece.name, [self._state(piece)], lines, deeds, sections, notices)

    def _next(self, one: Repair) -> Deed | None:
        """The usual next step of a repair."""
        if not self._keeps:
            return None
        state = {RepairState.REPORTED: RepairState.UNDER_WAY, RepairState.UNDER_WAY: RepairState.DONE}.get(one.state, RepairState.ACCEPTED)
        return Deed(label(state), lambda: self._move_on(one, state))

    def _repair_line(self, one: Repair, view: PieceView) -> Entered:
        told = "  " + t("terms.dot").join(part for part in (label(one.state), one.fixer, one.done_note, one.accepted_by) if part)
        operation = view.operations.get(one.id)
        undo = (t("house_page.undo"), lambda: self.shell.undo(operation)) if operation else ("", None)
        return Entered(when.short(one.time, view.today), ((one.fault, True), (told, False)), *undo)

    def _check_line(self, one: Check, view: PieceView) -> Entered:
        said = t("house_page.well") if one.well else one.note
        operation = view.operations.get(one.id)
        undo = (t("house_page.undo"), lambda: self.shell.undo(operation)) if operation else ("", None)
        return Entered(when.short(one.time, view.today), ((said, False), (f"  {one.keeper}", False)), *undo)

    # --- doing -------------------------------------------------------------------------------------------------------

    def new(self) -> None:
        """Ctrl+N: a piece is registered."""
        if self._keeps:
            self.ask(
                t("house_page.add_piece"), self._fields(None), lambda db, values: equipment.add(db, **self._told(values)),
                lambda piece: t("house_page.told_registered", name=piece.name, code=piece.code), PIECE_ERRORS,
                lambda piece: self.choose(piece.id),
            )  # fmt: skip

    def _edit(self) -> None:
        piece = self.view.piece if self.view else None
        if piece is None:
            return
        active = ChoiceField("active", t("house_page.in_service"), [("1", t("house_page.yes")), ("0", t("house_page.no"))], value="1")
        self.ask(
            piece.name, [*self._fields(piece), active],
            lambda db, values: equipment.change(db, piece.id, active=values["active"] == "1", **self._told(values)),
            lambda now: t("house_page.told_changed", name=now.name), PIECE_ERRORS,
        )  # fmt: skip

    @staticmethod
    def _fields(piece: Equipment | None) -> list[Field]:
        def day(text: str) -> date | None:
            return date.fromisoformat(text) if text else None

        fields: list[Field] = [
            LineField("name", t("house_page.name"), required=True), LineField("code", t("house_page.code"), hint=t("house_page.code_hint")),
            LineField("model", t("house_page.model")), LineField("place", t("house_page.place")),
            DateField("bought", t("house_page.bought_on"), value=day(piece.bought) if piece else None),
            LineField("source", t("house_page.source")),
            NumberField("check_days", t("house_page.check_days"), low=0, high=equipment.LONGEST, value=piece.check_days if piece else 30),
            DateField("next_check", t("house_page.next_check"), value=day(piece.next_check) if piece else None),
            LineField("note", t("house_page.note")),
        ]  # fmt: skip
        if piece is not None:
            for field in fields:
                if isinstance(field, LineField):
                    field.set_value(getattr(piece, field.name))
        return fields

    @staticmethod
    def _told(values: dict[str, Any]) -> dict[str, Any]:
        days = {name: values[name].isoformat() if values[name] else "" for name in ("bought", "next_check")}
        rest = {name: told for name, told in values.items() if name not in (*days, "active")}
        return {**rest, **days, "check_days": values["check_days"] or 0}

    def _check(self) -> None:
        """Somebody looked at it, all is well."""
        piece = self.view.piece if self.view else None
        if piece is not None:
            self.run(lambda db: equipment.check(db, piece.id), self._checked)

    def _checked(self, piece: Equipment) -> str:
        following = when.date_only(piece.next_check, self._today) if piece.next_check else "—"
        return t("house_page.told_checked", name=piece.name, day=following)

    def _fault(self) -> None:
        piece = self.view.piece if self.view else None
        if piece is not None:
            self.ask(
                t("house_page.report_title", name=piece.name), [TextField("note", t("house_page.what_fault"), required=True, lines=3)],
                lambda db, values: equipment.check(db, piece.id, False, values["note"]),
                lambda now: t("house_page.told_reported", name=now.name), PIECE_ERRORS,
            )  # fmt: skip

    def _move_on(self, one: Repair, state: RepairState) -> None:
        if state is RepairState.ACCEPTED:
            self.run(lambda db: equipment.repair(db, one.id, state), self._moved)
            return
        field: Field = (
            LineField("fixer", t("house_page.fixer"), required=True)
            if state is RepairState.UNDER_WAY
            else TextField("note", t("house_page.what_done"), lines=3)
        )
        self.ask(
            f"{one.equipment} {label(state)}", [field], lambda db, values: equipment.repair(db, one.id, state, **values),
            self._moved, PIECE_ERRORS,
        )  # fmt: skip

    @staticmethod
    def _moved(one: Repair) -> str:
        return t("house_page.told_ended", title=one.equipment, what=label(one.state))


# --- the first-aid box -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Box:
    """The box of today."""

    today: date
    places: tuple[Medicine, ...]


@dataclass(frozen=True, slots=True)
class PlaceView:
    """One place in the box with the looks at it."""

    today: date
    place: Medicine
    checks: tuple[BoxCheck, ...]
    operations: Mapping[str, str]


def read_box(db: Database) -> Box:
    """The box, what has to be seen to first."""
    urgent = {one.id for one in first_aid.warnings(db)}
    places = sorted(first_aid.listing(db), key=lambda one: (one.id not in urgent, one.rank))
    return Box(date.fromisoformat(db.stamp().business_date), tuple(places))


def read_place(db: Database, medicine_id: str) -> PlaceView:
    """One place in full."""
    checks = first_aid.checks(db, medicine_id, 20)
    operations = _undoable(db, "medicine_check", {one.id: one.time for one in checks})
    return PlaceView(date.fromisoformat(db.stamp().business_date), first_aid.get(db, medicine_id), tuple(checks), operations)


class BoxPart(Part):
    """The first-aid box as a list; one key says that all is as the book says."""

    tables = frozenset({"medicine", "medicine_check"})

    def __init__(self, shell: Shell, page: Page) -> None:
        self._today, self._wanted = date.min, ""
        self.view: PlaceView | None = None
        self.rows = RowsModel(self._columns())
        table = Table(self.rows, rows=52, name=t("house_page.box_tab"))
        self._keeps, self._looks = page.may(Op.CHANGE_MEDICINE), page.may(Op.CHECK_MEDICINE)
        empty = EmptyState("emergency", t("house_page.no_medicine"), t("house_page.add_medicine") if self._keeps else "", key="Ctrl+N")
        empty.acted.connect(self.new)
        table.set_empty(empty)
        self.thing = ThingCard("emergency", t("house_page.choose_thing"))
        add = Button(t("house_page.add_medicine"), icon="plus", key="Ctrl+N")
        add.clicked.connect(self.new)
        self.fine = Button(t("house_page.all_fine"), "primary", icon="check")
        self.fine.clicked.connect(self.all_fine)
        buttons = [*([add] if self._keeps else []), *([self.fine] if self._looks else [])]
        super().__init__(shell, table, self.thing, buttons)
        table.current_record.connect(self._chosen)
        if self._looks:
            table.activated_record.connect(lambda _one: self._look())

    def _columns(self) -> list[TableColumn]:
        def expiry(one: Medicine) -> str:
            return when.date_only(one.expiry, self._today) if one.expiry else "—"

        return [
            TableColumn(t("house_page.medicine"), lambda one: one.name, bold=True, sub=lambda one: one.lot),
            TableColumn(t("house_page.quantity"), lambda one: f"{one.quantity} {one.unit}", 110, "right", bold=True),
            TableColumn(t("house_page.expiry"), expiry, 130),
            TableColumn(t("house_page.state"), lambda _one: "", 150, pill=self._state),
        ]

    def _state(self, one: Medicine) -> tuple[str, str]:
        today = self._today.isoformat()
        if one.expired(today):
            return t("house_page.expired"), "bad"
        if one.expiring(today):
            return t("house_page.expires_in", n=(date.fromisoformat(one.expiry) - self._today).days), "attention"
        return (t("house_page.too_few"), "bad") if one.short else (t("house_page.well"), "good")

    def refresh(self) -> None:
        """Read and show."""
        self.shell.jobs.read(read_box, self._show, key="first-aid")

    def choose(self, subject: str) -> None:
        """Show one place by its id."""
        self._wanted = subject

    def _show(self, box: Box) -> None:
        self._today = box.today
        self.rows.set_rows(box.places)
        self.fine.setEnabled(bool(box.places))
        wanted, self._wanted = self._wanted, ""
        if not (wanted and self.table.choose(wanted)) and self.table.current() is None and box.places:
            self.table.choose(box.places[0].id)
        if not box.places:
            self.thing.show_nothing()

    def _chosen(self, one: Medicine | None) -> None:
        if one is not None:
            self.shell.jobs.read(lambda db: read_place(db, one.id), self._show_one, key="first-aid-one")

    def _show_one(self, view: PlaceView) -> None:
        self.view = view
        one = view.place
        lines = [
            t("house_page.in_box", count=one.quantity, unit=one.unit, least=one.least),
            t("house_page.lot_of", lot=one.lot or "—", day=one.expiry or "—"),
            t("house_page.looked", day=when.moment(one.checked, view.today), keeper=one.checked_by) if one.checked else "",
        ]
        deeds = [Deed(t("house_page.look"), self._look, "primary")] if self._looks else []
        if self._keeps:
            deeds.append(Deed(t("house_page.edit"), self._edit))
        checks = [self._line(check, view) for check in view.checks]
        self.thing.show_thing(one.name, [self._state(one)], lines, deeds, [(t("house_page.checks"), checks)])

    def _line(self, check: BoxCheck, view: PlaceView) -> Entered:
        told = f"  {check.quantity} {view.place.unit}  {check.keeper}" + (f"  {check.note}" if check.note else "")
        operation = view.operations.get(check.id)
        undo = (t("house_page.undo"), lambda: self.shell.undo(operation)) if operation else ("", None)
        return Entered(when.short(check.time, view.today), ((label(check.action), True), (told, False)), *undo)

    def all_fine(self) -> None:
        """Everything in the box is as the book says."""
        self.run(first_aid.all_fine, lambda count: t("house_page.told_box", n=count))

    def _look(self) -> None:
        one = self.view.place if self.view else None
        if one is None:
            return
        lot = LineField("lot", t("house_page.lot"))
        lot.set_value(one.lot)
        fields: list[Field] = [
            ChoiceField("action", t("house_page.what_done"), [(code.value, label(code)) for code in BoxAction], value="fine"),
            NumberField("quantity", t("house_page.now_in_box"), low=0, high=first_aid.MOST, value=one.quantity), lot,
            DateField("expiry", t("house_page.expiry"), value=date.fromisoformat(one.expiry) if one.expiry else None),
            LineField("note", t("house_page.note")),
        ]  # fmt: skip

        def work(db: Database, values: dict[str, Any]) -> Any:
            expiry = values["expiry"].isoformat() if values["expiry"] else ""
            return first_aid.look(
                db, one.id, values["quantity"], BoxAction(values["action"]), lot=values["lot"], expiry=expiry, note=values["note"]
            )

        def told(now: Medicine) -> str:
            return t("house_page.told_looked", name=now.name, count=now.quantity, unit=now.unit)

        self.ask(one.name, fields, work, told, BOX_ERRORS)

    def new(self) -> None:
        """Ctrl+N: a further place in the box."""
        if not self._keeps:
            return
        fields: list[Field] = [
            LineField("name", t("house_page.name"), required=True), LineField("unit", t("house_page.unit"), required=True),
            NumberField("least", t("house_page.least"), low=0, high=first_aid.MOST, value=1),
            NumberField("quantity", t("house_page.now_in_box"), low=0, high=first_aid.MOST, value=1),
            LineField("lot", t("house_page.lot")), DateField("expiry", t("house_page.expiry")),
        ]  # fmt: skip

        def work(db: Database, values: dict[str, Any]) -> Any:
            expiry = values["expiry"].isoformat() if values["expiry"] else ""
            return first_aid.add(
                db, values["name"], values["unit"], values["least"], quantity=values["quantity"], lot=values["lot"], expiry=expiry
            )

        self.ask(
            t("house_page.add_medicine"), fields, work, lambda one: t("house_page.told_changed", name=one.name), BOX_ERRORS,
            lambda one: self.choose(one.id),
        )  # fmt: skip

    def _edit(self) -> None:
        one = self.view.place if self.view else None
        if one is None:
            return
        name, unit = LineField("name", t("house_page.name"), required=True), LineField("unit", t("house_page.unit"), required=True)
        name.set_value(one.name)
        unit.set_value(one.unit)
        fields: list[Field] = [
            name, unit, NumberField("least", t("house_page.least"), low=0, high=first_aid.MOST, value=one.least),
            ChoiceField("active", t("house_page.in_service"), [("1", t("house_page.yes")), ("0", t("house_page.no"))], value="1"),
        ]  # fmt: skip

        def work(db: Database, values: dict[str, Any]) -> Any:
            return first_aid.change(
                db, one.id, name=values["name"], unit=values["unit"], least=values["least"], active=values["active"] == "1"
            )

        self.ask(one.name, fields, work, lambda now: t("house_page.told_changed", name=now.name), BOX_ERRORS)

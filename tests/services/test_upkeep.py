"""Equipment and its repairs, the first-aid box, emergencies and lost property: each by its life, each taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from station_app.db import Database
from station_app.errors import StationError, UserMistake
from station_app.model import BoxAction, EmergencyKind, LostState, RepairState
from station_app.services import audit, equipment, first_aid, history, incidents
from tests.conftest import Clock


def said(call: Callable[[], object]) -> str:
    try:
        call()
    except StationError as error:
        return error.word
    return ""


def test_the_register_tells_the_next_check(db: Database, clock: Clock) -> None:
    piece, made = equipment.add(db, "微波炉", model="M1", place="窗边", check_days=30, bought="2025-03-01")
    assert (piece.code, piece.next_check) == ("E001", "2026-08-16")
    assert equipment.add(db, "饮水机")[0].code == "E002"
    assert said(lambda: equipment.add(db, "冰柜", code="E001")) == "equipment.code_taken"
    assert said(lambda: equipment.add(db, "冰柜", bought="2025-02-30")) == "equipment.bad_date"
    clock.forward(days=28)
    assert [one.name for one in equipment.due(db)] == ["微波炉"]
    checked, changes = equipment.check(db, piece.id)
    assert (checked.next_check, equipment.due(db)) == ("2026-09-13", [])
    moved, _ = equipment.change(db, piece.id, place="门口")
    assert (moved.place, moved.next_check, moved.model) == ("门口", "2026-09-13", "M1")
    history.undo(db, changes.operation)
    assert equipment.get(db, piece.id).next_check == "2026-08-16"
    assert said(lambda: history.undo(db, made.operation)) == "history.changed_since"


def test_a_fault_goes_its_way_until_it_is_accepted(db: Database) -> None:
    piece, _ = equipment.add(db, "微波炉", check_days=30)
    assert said(lambda: equipment.check(db, piece.id, well=False)) == "equipment.no_fault_told"
    found, _ = equipment.check(db, piece.id, well=False, note="不加热")
    assert (found.fault, found.repair_state) == ("不加热", RepairState.REPORTED)
    repair = equipment.repairs(db, piece.id, only_open=True)[0]
    assert repair.reported_by == "王敏"
    assert said(lambda: equipment.repair(db, repair.id, RepairState.ACCEPTED)) == "equipment.not_next"
    equipment.repair(db, repair.id, RepairState.UNDER_WAY, fixer="社区电工")
    equipment.repair(db, repair.id, RepairState.DONE, note="换保险丝")
    again, _ = equipment.repair(db, repair.id, RepairState.UNDER_WAY)
    assert again.fixer == "社区电工"
    equipment.repair(db, repair.id, RepairState.DONE)
    done, changes = equipment.repair(db, repair.id, RepairState.ACCEPTED)
    assert (done.accepted_by, done.done_note, bool(done.accepted)) == ("王敏", "换保险丝", True)
    assert equipment.get(db, piece.id).fault == ""
    history.undo(db, changes.operation)
    assert equipment.get(db, piece.id).repair_state is RepairState.DONE
    assert audit.check(db) == []


def test_the_box_says_what_runs_out(db: Database, clock: Clock) -> None:
    iodine, _ = first_aid.add(db, "碘伏", "瓶", 1, quantity=2, lot="A1", expiry="2026-08-10")
    first_aid.add(db, "创可贴", "片", 20, quantity=30)
    assert [one.name for one in first_aid.warnings(db)] == ["碘伏"]
    assert said(lambda: first_aid.add(db, "碘伏", "瓶")) == "first_aid.name_taken"
    used, _ = first_aid.look(db, iodine.id, 1, BoxAction.USED)
    assert (used.quantity, used.lot, used.expiry, used.checked_by) == (1, "A1", "2026-08-10", "王敏")
    clock.forward(days=30)
    assert first_aid.get(db, iodine.id).expired("2026-08-16")
    fresh, changes = first_aid.look(db, iodine.id, 2, BoxAction.REPLACED, lot="B2", expiry="2028-01-01")
    assert (fresh.lot, first_aid.warnings(db)) == ("B2", [])
    assert [one.action for one in first_aid.checks(db, iodine.id)] == [BoxAction.REPLACED, BoxAction.USED, BoxAction.REFILLED]
    history.undo(db, changes.operation)
    assert first_aid.get(db, iodine.id).lot == "A1"
    count, _ = first_aid.all_fine(db)
    assert count == 2
    with pytest.raises(UserMistake, match=r"first_aid\.bad_quantity"):
        first_aid.look(db, iodine.id, -1)


def test_an_emergency_is_stamped_first_and_told_later(db: Database, clock: Clock) -> None:
    made, changes = incidents.stamp(db)
    assert (made.kind, made.open) == (EmergencyKind.UNKNOWN, True)
    clock.forward(20)
    now, _ = incidents.tell(db, made.id, kind=EmergencyKind.FIRE, called=["119"], place="站门口", note="电动车冒烟，已扑灭", over=True)
    assert (now.time, now.called, now.open, now.ended[11:16]) == (made.time, "119", False, "08:20")
    assert incidents.untold(db) == []
    assert said(lambda: incidents.tell(db, made.id, called=["one-one-nine"])) == "incidents.bad_number"
    assert said(lambda: history.undo(db, changes.operation)) == "history.changed_since"
    slip, wrong = incidents.stamp(db)
    history.undo(db, wrong.operation)
    assert slip.id not in {one.id for one in incidents.emergencies(db, "2026-07-17", "2026-07-17")}


def test_what_was_found_is_claimed_once(db: Database) -> None:
    gloves, _ = incidents.found(db, "手套", "充电区", "抽屉 2")
    keys, _ = incidents.found(db, "钥匙")
    assert (gloves.number, keys.number) == (1, 2)
    claimed, changes = incidents.settle(db, gloves.id, LostState.CLAIMED, note="说出了颜色")
    assert (claimed.state, claimed.ended_by, claimed.note) == (LostState.CLAIMED, "王敏", "说出了颜色")
    assert [one.number for one in incidents.lost_items(db, only_kept=True)] == [2]
    assert said(lambda: incidents.settle(db, gloves.id, LostState.DISPOSED)) == "incidents.settled_already"
    history.undo(db, changes.operation)
    assert incidents.by_number(db, 1).state is LostState.KEPT
    assert said(lambda: incidents.found(db, " ")) == "incidents.no_thing"

"""Who may do what: every operation and every service function by every role, tried for real and held against the table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from station_app import model, settings
from station_app.cli import group
from station_app.db import Database
from station_app.errors import Refused
from station_app.model import OWN_SETTINGS, Consent, Occupation, Op, Role
from station_app.services import (
    audit,
    history,
    keepers,
    people,
    preferences,
    requests,
    search,
    stations,
    supplies,
    visits,
)  # fmt: skip
from tests.conftest import CHEAP, Clock
from tests.faults.table import report
from tests.roles import CASES, DOC, INNER, NAME, PASSWORDS, PHONE, PINS, WORDS, World, everything, expected, functions
from tests.roles import table as written
from tests.roles import world as built

FAULT = "roles"
EXPECTED = {(name, role): expected(kind, role) for name, (kind, _) in CASES.items() for role in Role}
"""By the table as it is, whatever a mutant below makes of it."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = built(tmp_path / "station")
    yield made
    made.close()


@pytest.fixture(scope="module")
def came(tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[str, Role], str]:
    return everything(tmp_path_factory.mktemp("roles"))


def at_work(w: World, role: Role) -> Database:
    w.db.acting = w.who[role].id
    return w.db


def refused(call: Callable[[], object]) -> None:
    with pytest.raises(Refused) as refusal:
        call()
    assert refusal.value.word == "roles.not_allowed"


# --- the tables ------------------------------------------------------------------------------------------------------------


def test_every_service_function_that_takes_a_store_is_tried() -> None:
    assert set(functions()) == set(CASES) | INNER
    assert not set(CASES) & INNER


def test_every_function_does_for_every_role_what_the_table_says(came: Mapping[tuple[str, Role], str]) -> None:
    strange = {key: (what, EXPECTED[key]) for key, what in came.items() if what != EXPECTED[key]}
    report(FAULT, tried=len(came), corrupt=len(strange))
    assert strange == {}
    assert len(came) == len(CASES) * len(Role) > 400
    assert {*came.values()} == {"done", "masked", "refused"}


def test_the_document_is_this_table(came: Mapping[tuple[str, Role], str]) -> None:
    assert DOC.read_text("utf-8") == written(dict(came))


@pytest.mark.parametrize("role", Role)
def test_every_operation_at_the_one_door(world: World, role: Role) -> None:
    """Also those of the sync and the district, which no service function does."""
    db = at_work(world, role)
    for op in Op:
        if op in model.MAY[role]:
            with db.transact(op, tried=True):
                pass
        else:
            with pytest.raises(Refused), db.transact(op, tried=True):
                pytest.fail(f"{role} got in with {op}")
    done = [row["op"] for row in db.rows("SELECT op FROM operation WHERE json_extract(details, '$.tried')")]
    assert done == [op for op in Op if op in model.MAY[role]]
    denied = db.rows(
        "SELECT json_extract(details, '$.denied') AS what FROM operation WHERE keeper_id = ?", (db.acting,)
    )
    assert [row["what"] for row in denied if row["what"]] == [op for op in Op if op not in model.MAY[role]]
    assert audit.check(db) == []


def test_the_auditor_does_nothing_and_the_supervisor_everything() -> None:
    assert model.MAY[Role.AUDITOR] == frozenset()
    assert model.MAY[Role.SUPERVISOR] == frozenset(Op)
    assert model.MAY[Role.EVENING] < model.MAY[Role.KEEPER] < model.MAY[Role.SUPERVISOR]
    assert set(settings.BY_NAME) > OWN_SETTINGS


# --- negative controls: what the tries above must not let pass -----------------------------------------------------------------


def noticed(mutant: str, caught: bool) -> None:
    """Tell the table of faults, and fail when it was not."""
    report(FAULT, mutant=mutant, caught=caught)
    assert caught


def caught(folder: Path, role: Role = Role.EVENING, names: Collection[str] = CASES) -> set[str]:
    return {what for key, what in everything(folder, [role], names).items() if what != EXPECTED[key]}


def test_a_table_that_allows_everything_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "MAY", dict.fromkeys(Role, frozenset(Op)))
    for role in (Role.KEEPER, Role.EVENING, Role.AUDITOR):
        noticed("everything allowed", "done" in caught(tmp_path / role, role))


@pytest.mark.parametrize("op", sorted(model.MAY[Role.EVENING] - {Op.REFUSE}))
def test_a_table_that_forbids_the_desk_one_thing_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, op: Op
) -> None:
    monkeypatch.setattr(model, "MAY", {**model.MAY, Role.EVENING: model.MAY[Role.EVENING] - {op}})
    noticed(f"{op} forbidden", bool(caught(tmp_path, names=[name for name, (kind, _) in CASES.items() if kind is op])))


def test_showing_people_to_everybody_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "sees_people", True)
    noticed("people shown to all", "done" in caught(tmp_path))


def test_a_refusal_that_is_not_logged_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(_db: Database, what: str) -> None:
        raise Refused("roles.not_allowed", denied=what, role="")

    monkeypatch.setattr(Database, "deny", deny)
    noticed("unlogged", "refused, but not logged" in caught(tmp_path))


def test_a_refusal_after_the_deed_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Database.transact

    @contextmanager
    def late(db: Database, op: Op, at: Any = None, *, by_itself: bool = False, **details: Any) -> Iterator[Any]:
        with honest(db, op, at, by_itself=True, **details) as tx:
            yield tx
        if not by_itself:
            db.require(op, details)

    monkeypatch.setattr(Database, "transact", late)
    noticed("refused after", "refused, but something changed" in caught(tmp_path))


# --- the evening keeper ----------------------------------------------------------------------------------------------------


def test_the_evening_keeper_does_the_desks_work_and_sees_nobody(world: World) -> None:
    db = at_work(world, Role.EVENING)
    keepers.begin_shift(db)
    keepers.open_station(db)
    shown = people.get(db, world.named)
    assert (shown.name, shown.phone, shown.badge_code) == ("李**", "", "")
    assert people.find(db, PHONE[-4:])[0].name == "李**"
    came, _ = visits.check_in_person(db, world.named, db.now().replace(hour=19))
    assert not came.repeated
    supplies.hand_out(db, world.item, person_id=world.named)
    fresh, _ = people.register(db, Occupation.RIDER)
    assert fresh.badge_code  # a nameless card can be handed over
    refused(lambda: people.register(db, Occupation.RIDER, name="周梅", consent=Consent.STATION))
    own, _ = requests.add(db, "灯不亮", contact="136")
    assert (own.text, own.contact) == ("灯不亮", "136")
    other = requests.get(db, world.request)
    assert (other.text, other.contact) == ("", "")
    assert requests.find(db, WORDS) == []
    keepers.close_station(db)
    assert audit.check(db) == []


def test_what_the_evening_keeper_took_down_yesterday_is_not_shown_either(world: World) -> None:
    own, _ = requests.add(at_work(world, Role.EVENING), "灯不亮")
    assert isinstance(world.db.clock, Clock)
    world.db.clock.forward(days=1)
    assert requests.get(world.db, own.id).text == ""
    assert requests.get(at_work(world, Role.KEEPER), own.id).text == "灯不亮"


def test_undo_is_the_own_and_of_today(world: World) -> None:
    _, others = visits.tally(at_work(world, Role.KEEPER), Occupation.RIDER, 2)
    db = at_work(world, Role.EVENING)
    assert history.last_undoable(db) is None
    _, first = visits.tally(db, Occupation.RIDER, 3)
    _, second = visits.tally(db, Occupation.RIDER, 4)
    refused(lambda: history.undo(db, others.operation))
    last = history.undo_last(db)
    assert last is not None
    assert last[0].operation == second.operation
    assert isinstance(db.clock, Clock)
    db.clock.forward(days=1)
    refused(lambda: history.undo(db, first.operation))
    history.undo(at_work(world, Role.KEEPER), first.operation)


def test_nobody_undoes_what_they_may_not_do(world: World) -> None:
    """A keeper cannot bring back a colleague whom the supervisor let go."""
    gone = keepers.remove(world.boss(), world.folder, world.who[Role.EVENING].id)
    refused(lambda: history.undo(at_work(world, Role.KEEPER), gone.operation))
    assert keepers.keeper(world.db, world.who[Role.EVENING].id) == model.Keeper(
        world.who[Role.EVENING].id, "evening", Role.EVENING, active=False
    )


# --- oneself, leaving, start cards -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.KEEPER, Role.EVENING, Role.AUDITOR])
def test_who_works_here_changes_their_own_pin_password_and_screen(world: World, role: Role) -> None:
    db = at_work(world, role)
    keepers.set_pin(db, db.acting, "97531")
    keepers.unlock_screen(db, db.acting, "97531")
    keepers.change_password(db, world.folder, db.acting, PASSWORDS[role], "another-password", cost=CHEAP)
    for name in OWN_SETTINGS:
        preferences.change(db, name, {"language": "en", "scan_gap": "60", "print_form": "single"}.get(name, "1"))
    refused(lambda: keepers.remove(db, world.folder, db.acting))
    refused(lambda: keepers.set_pin(db, world.who[Role.SUPERVISOR].id, "97531"))


def test_a_wrong_pin_counts_for_the_auditor_too(world: World) -> None:
    db = at_work(world, Role.AUDITOR)
    for _ in range(keepers.FREE_PIN_TRIES):
        with pytest.raises(Refused):
            keepers.unlock_screen(db, world.who[Role.AUDITOR].id, "0000")
    with pytest.raises(Refused) as refusal:
        keepers.unlock_screen(db, world.who[Role.AUDITOR].id, PINS[Role.AUDITOR])
    assert refusal.value.word == "keepers.pin_waits"


def test_who_left_while_at_work_only_reads(world: World) -> None:
    keepers.remove(world.boss(), world.folder, world.who[Role.KEEPER].id)
    db = at_work(world, Role.KEEPER)
    assert db.role is Role.AUDITOR
    refused(lambda: visits.tally(db, Occupation.RIDER))
    refused(lambda: keepers.set_pin(db, db.acting, "97531"))
    refused(lambda: preferences.change(db, "large_type", "1"))
    assert people.get(db, world.named).name == "李**"


def test_a_start_card_opens_the_desk_whatever_the_own_role(world: World) -> None:
    card, _ = keepers.make_start_card(world.boss(), world.folder, world.root)
    world.db.close()
    opened = stations.open_with_start_card(world.folder, card.digits, clock=Clock())
    assert (opened.acting, opened.role) == ("", Role.EVENING)
    visits.tally(opened, Occupation.RIDER)
    boss = world.who[Role.SUPERVISOR]
    keepers.unlock_screen(opened, boss.id, PINS[Role.SUPERVISOR])
    assert (opened.acting, opened.role) == (boss.id, Role.EVENING)
    refused(lambda: stations.change(opened, phone="1"))
    assert people.get(opened, world.named).name == "李**"
    keepers.unlock_screen(opened, world.who[Role.AUDITOR].id, PINS[Role.AUDITOR])
    refused(lambda: visits.tally(opened, Occupation.RIDER))
    opened.close()


def test_a_refusal_is_in_the_trail_and_no_line_of_the_desk(world: World) -> None:
    db = at_work(world, Role.AUDITOR)
    before = history.log(db, "2026-07-17")
    refused(lambda: visits.tally(db, Occupation.RIDER))
    assert history.log(db, "2026-07-17") == before
    assert audit.check(db) == []


def test_masking_keeps_the_index_and_the_ledgers_whole(world: World) -> None:
    """What an evening keeper's work writes anew is made of the real name, not of the masked one."""
    db = at_work(world, Role.EVENING)
    visits.check_in_person(db, world.named, db.now().replace(hour=20))
    assert search.find(db, NAME, 5) == [world.named]
    assert people.get(at_work(world, Role.KEEPER), world.named).phone == PHONE


@pytest.mark.parametrize(("role", "code"), [(Role.KEEPER, 0), (Role.EVENING, 3), (Role.AUDITOR, 3)])
def test_badges_of_others_are_printed_only_by_who_sees_them(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: Role, code: int
) -> None:
    world.db.close()
    monkeypatch.setenv("STATION_PASSWORD", PASSWORDS[role])
    target = tmp_path / "cards.pdf"
    told = CliRunner().invoke(group, ["--data", str(world.folder), "badges", "sheet", "--all", "--to", str(target)])
    assert (told.exit_code, target.exists()) == (code, code == 0)

"""Regulars and their badges: register, find, import a roster, issue and print badges."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from .. import settings
from ..errors import UserMistake
from ..model import Consent, Occupation, Person
from ..services import badges, history, people, preferences, privacy, retention, roaming, stations, supplies, visits
from ..words import label, t
from .frame import Desk, Group, option
from .inputs import DAY, MOMENT, WHOLE, Code, OneOf, regulars
from .inputs import person as named
from .lists import corrected, told_import
from .outputs import moment, number, table, who

people_group = Group("people")
badges_group = Group("badges")
FILE = click.Path(path_type=Path)


# --- regulars ------------------------------------------------------------------------------------------------------------


@people_group.command("register")
@option("--occupation", type=Code(Occupation), required=True)
@option("--platform", default="")
@option("--name", default="")
@option("--phone", default="")
@option("--consent", type=Code(Consent))
@option("--at", type=MOMENT)
@click.pass_obj
def register(
    desk: Desk,
    occupation: Occupation,
    platform: str,
    name: str,
    phone: str,
    consent: Consent | None,
    at: datetime | None,
) -> None:
    """A new regular with a badge; nameless unless they agreed."""
    with desk.station() as db:
        new, changes = people.register(db, occupation, platform, name, phone, consent or Consent.NONE, at)
    desk.done(changes, t("cli.registered", who=who(new), number=new.card_number), id=new.id, person=new)


@people_group.command("find")
@click.argument("text")
@option("--limit", type=WHOLE, default=20)
@click.pass_obj
def find(desk: Desk, text: str, limit: int) -> None:
    """Regulars by part of a name, pinyin, initials, phone tail or card number."""
    with desk.station() as db:
        found = people.find(db, text, min(limit, 1000))
    desk.tell({"people": found}, lambda: _table(found))


@people_group.command("show")
@click.argument("person", metavar="PERSON")
@click.pass_obj
def show(desk: Desk, person: str) -> None:
    """One regular with badges, visits and what was done for them."""
    with desk.station() as db:
        found = named(db, person)
        cards, came, lines = (
            badges.of_person(db, found.id),
            visits.of_person(db, found.id),
            history.of_person(db, found.id),
        )
        barred = supplies.offers(db, found.id)
    reasons = {offer.item.name: offer.barrier.rule if offer.barrier else None for offer in barred}

    def text() -> str:
        rows = [(moment(visit.time), label(visit.occupation), label(visit.recorded)) for visit in came]
        visits_table = table([t("cli.time"), t("cli.occupation"), t("cli.recorded")], rows)
        return "\n".join([_table([found]), "", visits_table])

    desk.tell({"person": found, "badges": cards, "visits": came, "log": lines, "supplies": reasons}, text)


@people_group.command("list")
@option("--occupation", type=Code(Occupation))
@option("--nameless", is_flag=True)
@option("--not-since", type=DAY)
@option("--order", type=OneOf(*people.ORDERS), default="seen")
@option("--limit", type=WHOLE, default=1000)
@click.pass_obj
def listing(
    desk: Desk, occupation: Occupation | None, nameless: bool, not_since: date | None, order: str, limit: int
) -> None:
    """All regulars that fit."""
    with desk.station() as db:
        which = people.Filter(occupation, nameless, not_since.isoformat() if not_since else "")
        all_ids = people.ids(db, which, order)
        found = regulars(db, all_ids[: max(limit, 0)])
        counts = people.counts(db)
    desk.tell(
        {"people": found, "total": len(all_ids), "counts": counts},
        lambda: "\n".join([_table(found), t("cli.of_regulars", shown=number(len(found)), n=len(all_ids))]),
    )


@people_group.command("change")
@click.argument("person", metavar="PERSON")
@option("--occupation", type=Code(Occupation))
@option("--platform")
@option("--name")
@option("--phone")
@option("--consent", type=Code(Consent))
@option("--at", type=MOMENT)
@click.pass_obj
def change(desk: Desk, /, person: str, at: datetime | None, **fields: Any) -> None:
    """Change what is kept of a regular."""
    with desk.station() as db:
        new, changes = people.change(db, named(db, person).id, at=at, **fields)
    desk.done(changes, t("cli.changed", name=who(new)), id=new.id, person=new)


@people_group.command("erase")
@click.argument("person", metavar="PERSON")
@option("--reason", default="withdrawn")
@option("--at", type=MOMENT)
@click.pass_obj
def erase(desk: Desk, person: str, reason: str, at: datetime | None) -> None:
    """Forget who a regular is; their counts stay."""
    with desk.station() as db:
        person_id = named(db, person).id
        changes = people.erase(db, person_id, reason, at)
        left = privacy.copies(db, people.get(db, person_id))
    told = [t("cli.erased")]
    if left:
        told.append(t("cli.erased_until", day=left.until))
    desk.done(changes, "\n".join(told), id=person_id, copies=left)


@people_group.command("held")
@click.argument("person", metavar="PERSON")
@option("--to", type=FILE)
@click.pass_obj
def held(desk: Desk, person: str, to: Path | None) -> None:
    """Everything that is kept on a regular, also as a PDF to take home."""
    from ..paper.privacy import held_sheet, held_text

    with desk.station() as db:
        found = privacy.with_words(db, privacy.held(db, named(db, person).id))
        name = who(found.person)
        if to is not None:
            held_sheet(stations.current(db), found, t("held.title", name=name), db.now().date(), to)
    desk.tell({"held": found, "file": to}, lambda: held_text(found) if to is None else t("cli.paper_written", name=to.name))


@people_group.command("agree")
@click.argument("person", metavar="PERSON")
@option("--at", type=MOMENT)
@click.pass_obj
def agree(desk: Desk, person: str, at: datetime | None) -> None:
    """They read today's notice and agree to it."""
    with desk.station() as db:
        new, changes = people.agree(db, named(db, person).id, at)
    desk.done(changes, t("cli.agreed", who=who(new), version=people.NOTICE_VERSION), id=new.id, person=new)


@people_group.command("notice")
@option("--to", type=FILE, required=True)
@click.pass_obj
def notice(desk: Desk, to: Path) -> None:
    """The privacy notice for the wall as a PDF."""
    from ..paper.privacy import notice_sheet

    with desk.station() as db:
        months = [preferences.number(db, setting) for setting in settings.RETENTION]
        notice_sheet(stations.current(db), (months[0], months[1], months[2]), db.now().date(), to)
    desk.tell({"file": to, "version": people.NOTICE_VERSION}, t("cli.paper_written", name=to.name))


@people_group.command("due")
@option("--forget", is_flag=True)
@click.pass_obj
def due(desk: Desk, forget: bool) -> None:
    """What is forgotten within 30 days; with --forget, forget now what is due already."""
    with desk.station() as db:
        done, changes = retention.forget_due(db) if forget else (None, [])
        soon = retention.soon(db)
        persons = {one.id: one for one in people.several(db, [one.id for one in soon if one.kind == "person"])}
    rows = [(one.on, one.kind, who(persons[one.id]) if one.id in persons else one.id, one.last) for one in soon]

    def text() -> str:
        heads = [t("cli.due_on"), t("cli.due_kind"), t("cli.name"), t("cli.last_visit")]
        lines = [table(heads, rows) if rows else t("cli.nothing_due")]
        if done is not None:
            lines.append(t("cli.forgot", people=done.people, requests=done.requests, pictures=done.pictures))
        if done is not None and done.held_back:
            lines.append(t("cli.forgot_held_back"))
        return "\n".join(lines)

    desk.tell({"due": soon, "forgotten": done, "operations": [one.operation for one in changes]}, text)


@people_group.command("import")
@click.argument("file", type=FILE)
@option("--preview", is_flag=True)
@option("--map", "columns", multiple=True, metavar="FIELD=COLUMN")
@option("--consent-on-paper", type=DAY)
@option("--at", type=MOMENT)
@click.pass_obj
def import_roster(
    desk: Desk, file: Path, preview: bool, columns: tuple[str, ...], consent_on_paper: date | None, at: datetime | None
) -> None:
    """Take a roster in: all of it or nothing."""
    from ..services import rosters

    sheet = rosters.read_sheet(file, rosters.PEOPLE)
    places = corrected(rosters.map_columns(sheet, rosters.PEOPLE), rosters.PersonField, columns)
    plan = rosters.plan_people(sheet, places, consent_on_paper=consent_on_paper)
    with desk.station() as db:
        if preview:
            plan = rosters.find_duplicates(plan, people.known(db))
            counts: dict[str, Any] = {name: getattr(plan, name) for name in ("taken", "nameless", "merged", "refused")}
            counts = {"rows": len(plan.rows), **counts, "to_decide": plan.to_decide}
            told_import(desk, file, {**counts, "preview": True, "columns": _headings(places)}, plan.rows)
            return
        result, changes = people.import_roster(db, plan, at=at)
    counts = {name: getattr(result, name) for name in ("rows", "taken", "nameless", "merged", "refused")}
    more = {"operation": changes.operation, "undoable": changes.undoable, "results": result.results}
    told_import(desk, file, {**counts, **more}, plan.rows, result.results)


def _headings(places: Any) -> dict[str, str]:
    return {name.value: places.heading(place) for name, place in places.places.items()}


def _table(found: list[Person]) -> str:
    rows = [
        (one.id, one.card_number, who(one), label(one.occupation), one.platform, one.visits, moment(one.last_visit))
        for one in found
    ]
    headings = [
        "id",
        t("cli.card"),
        t("cli.name"),
        t("cli.occupation"),
        t("cli.platform"),
        t("cli.visits"),
        t("cli.last_visit"),
    ]
    return table(headings, rows, right=(5,))


# --- badges --------------------------------------------------------------------------------------------------------------


@badges_group.command("issue")
@option("--occupation", type=Code(Occupation))
@option("--person", metavar="PERSON")
@option("--at", type=MOMENT)
@click.pass_obj
def issue(desk: Desk, occupation: Occupation | None, person: str | None, at: datetime | None) -> None:
    """A badge for somebody new without a name, or a new one for a regular, whose occupation is corrected with it."""
    if occupation is None and person is None:
        raise UserMistake("cli.one_of", names="--occupation --person")
    with desk.station() as db:
        if person is not None:
            found = named(db, person)
            if occupation is not None and occupation is not found.occupation:
                people.change(db, found.id, occupation=occupation, at=at)
            badge, changes = badges.issue(db, found.id, at)
        else:
            new, changes = people.register(db, occupation or Occupation.OTHER, at=at)
            badge = badges.of_person(db, new.id)[0]
    desk.done(changes, t("cli.issued", number=badge.card_number, code=badge.code), id=badge.id, badge=badge)


@badges_group.command("verify")
@click.argument("code")
@click.pass_obj
def verify(desk: Desk, code: str) -> None:
    """Whose badge this is, and until when it opens their card if they do not come again; refused when it opens none."""
    with desk.station() as db:
        badge = badges.resolve(db, code)
        owner = people.get(db, badge.person_id)
        until = retention.kept_until(db, badge.person_id) if badge.id else roaming.until(db, badge.code)
    told = t("cli.badge_until", day=until) if until else t("cli.badge_until_unknown")
    desk.tell({"badge": badge, "person": owner, "until": until}, lambda: f"{_table([owner])}\n{told}")


@badges_group.command("revoke")
@click.argument("badge", metavar="BADGE")
@option("--at", type=MOMENT)
@click.pass_obj
def revoke(desk: Desk, badge: str, at: datetime | None) -> None:
    """A lost badge, by its id, code or card number, opens nothing any more."""
    with desk.station() as db:
        badge_id = badges.resolve(db, badge).id if badge.replace(" ", "").isdecimal() else badge
        changes = badges.revoke(db, badge_id, at)
    desk.done(changes, t("cli.revoked"), id=badge_id)

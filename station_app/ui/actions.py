"""One function per thing a keeper can do; buttons, keys and scans all come through here.

Each starts an operation on the writer thread and returns at once; ``then`` gets the service's record on the GUI thread,
``otherwise`` its StationError (without it the window tells the keeper).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from ..db import Database
from ..model import (
    Amenity,
    Category,
    Channel,
    Circle,
    Consent,
    ItemKind,
    MovementKind,
    Occupation,
    RequestKind,
    RequestState,
    Urgency,
    Verdict,
)
from ..services import (
    attachments,
    badges,
    companions,
    history,
    keepers,
    loans,
    people,
    pictures,
    preferences,
    requests,
    stations,
    supplies,
    visits,
    voices,
)
from .jobs import Jobs, Otherwise, Then

if TYPE_CHECKING:
    from ..services import boxes

# --- visits ------------------------------------------------------------------------------------------------------------


def check_in(jobs: Jobs, badge: str, then: Then, otherwise: Otherwise | None = None) -> None:
    """A scan or a typed card number; ``then`` gets a ``visits.CheckIn`` with the Changes (None when repeated)."""
    jobs.run(lambda db: _kept(visits.check_in(db, badge)), then, otherwise)


def check_in_person(jobs: Jobs, person_id: str, then: Then, otherwise: Otherwise | None = None) -> None:
    """A regular found by name; ``then`` as for ``check_in``."""
    jobs.run(lambda db: _kept(visits.check_in_person(db, person_id)), then, otherwise)


def tally(jobs: Jobs, occupation: Occupation, then: Then, count: int = 1) -> None:
    """People without a badge; ``then`` gets (Visit, Changes)."""
    jobs.run(lambda db: _kept(visits.tally(db, occupation, count)), then)


def set_count(jobs: Jobs, visit_id: str, count: int, then: Then) -> None:
    """The group was larger; ``then`` gets (Visit, Changes)."""
    jobs.run(lambda db: _kept(visits.set_count(db, visit_id, count)), then)


def use_amenity(jobs: Jobs, visit_id: str, amenity: Amenity, used: bool, then: Then | None = None) -> None:
    """A service used during a visit, or not after all."""
    jobs.run(lambda db: visits.use_amenity(db, visit_id, amenity, used), then)


def paper_sheet(
    jobs: Jobs, day: date, counts: Mapping[tuple[Occupation, int], int], then: Then, otherwise: Otherwise
) -> None:
    """补登 of a paper sheet; ``then`` gets (person-times, Changes)."""
    jobs.run(lambda db: _kept(visits.paper_sheet(db, day, counts)), then, otherwise)


# --- people ------------------------------------------------------------------------------------------------------------


def register(
    jobs: Jobs,
    occupation: Occupation,
    platform: str,
    name: str,
    phone: str,
    consent: Consent,
    then: Then,
    otherwise: Otherwise,
) -> None:
    """A new regular; ``then`` gets (Person, Changes)."""
    jobs.run(lambda db: _kept(people.register(db, occupation, platform, name, phone, consent)), then, otherwise)


def change_person(jobs: Jobs, person_id: str, then: Then, otherwise: Otherwise, **fields: Any) -> None:
    """New details of a regular; ``then`` gets (Person, Changes)."""
    jobs.run(lambda db: _kept(people.change(db, person_id, **fields)), then, otherwise)


def agree(jobs: Jobs, person_id: str, then: Then, otherwise: Otherwise) -> None:
    """Somebody agrees to the notice as it is now; ``then`` gets (Person, Changes)."""
    jobs.run(lambda db: _kept(people.agree(db, person_id)), then, otherwise)


def merge_people(jobs: Jobs, kept_id: str, merged_id: str, reason: str, then: Then, otherwise: Otherwise) -> None:
    """Two records are one person; ``then`` gets (Person, Changes)."""
    from ..services import duplicates

    jobs.run(lambda db: _kept(duplicates.merge(db, kept_id, merged_id, reason)), then, otherwise)


def tell_apart(jobs: Jobs, first_id: str, second_id: str, then: Then) -> None:
    """Two records are two people; ``then`` gets the Changes."""
    from ..services import duplicates

    jobs.run(lambda db: duplicates.tell_apart(db, first_id, second_id), then)


def link_people(jobs: Jobs, ids: Sequence[str], circle: Circle, then: Then, otherwise: Otherwise) -> None:
    """These may collect for one another; ``then`` gets (everybody in the circle, Changes)."""
    jobs.run(lambda db: _kept(companions.link(db, ids, circle)), then, otherwise)


def leave_circle(jobs: Jobs, person_id: str, then: Then) -> None:
    """Somebody leaves their household or team; ``then`` gets the Changes, None when they were in none."""
    jobs.run(lambda db: companions.leave(db, person_id), then)


def set_occupation(jobs: Jobs, visit_id: str, occupation: Occupation, then: Then) -> None:
    """What somebody does whose badge does not tell; ``then`` gets (Visit, Changes or None)."""
    jobs.run(lambda db: _kept(visits.set_occupation(db, visit_id, occupation)), then)


def erase_person(jobs: Jobs, person_id: str, then: Then) -> None:
    """Consent withdrawn; ``then`` gets the Changes."""
    jobs.run(lambda db: people.erase(db, person_id), then)


def reissue_badge(jobs: Jobs, person_id: str, then: Then) -> None:
    """The badge was lost: revoke and issue; ``then`` gets (Badge, Changes)."""
    jobs.run(lambda db: _kept(badges.issue(db, person_id)), then)


# --- loans -------------------------------------------------------------------------------------------------------------


def scan_asset(
    jobs: Jobs,
    text: str,
    then: Then,
    otherwise: Otherwise | None = None,
    *,
    person_id: str | None = None,
    visit_id: str | None = None,
    occupation: Occupation | None = None,
) -> None:
    """A thing was scanned or typed; ``then`` gets (loans.Scanned, Changes or None)."""
    jobs.run(
        lambda db: _kept(loans.scan(db, text, person_id=person_id, visit_id=visit_id, occupation=occupation)), then, otherwise
    )


def lend(jobs: Jobs, asset_id: str, then: Then, otherwise: Otherwise | None = None, **more: Any) -> None:
    """Lend a thing (``loans.lend``); ``then`` gets (Loan, Changes)."""
    jobs.run(lambda db: _kept(loans.lend(db, asset_id, **more)), then, otherwise)


def end_loan(jobs: Jobs, loan_id: str, then: Then, otherwise: Otherwise | None = None, **more: Any) -> None:
    """A loan ended (``loans.end``); ``then`` gets (Loan, Changes)."""
    jobs.run(lambda db: _kept(loans.end(db, loan_id, **more)), then, otherwise)


# --- supplies ----------------------------------------------------------------------------------------------------------


def hand_out(
    jobs: Jobs,
    item_id: str,
    then: Then,
    otherwise: Otherwise | None = None,
    *,
    quantity: int = 1,
    person_id: str | None = None,
    visit_id: str | None = None,
    occupation: Occupation | None = None,
    given: bool = False,
    collected_by: str | None = None,
) -> None:
    """Hand out an item; ``then`` gets (Handout, Changes), ``otherwise`` the RuleRefused."""
    jobs.run(
        lambda db: _kept(
            supplies.hand_out(
                db, item_id, quantity, person_id=person_id, visit_id=visit_id, occupation=occupation, given=given,
                collected_by=collected_by,
            )
        ),
        then,
        otherwise,
    )


def receive(
    jobs: Jobs,
    item_id: str,
    quantity: int,
    kind: MovementKind,
    lot: str,
    expiry: str,
    source: str,
    then: Then,
    otherwise: Otherwise,
) -> None:
    """Stock came in; ``then`` gets the Changes."""
    jobs.run(
        lambda db: supplies.receive(db, item_id, quantity, kind, lot=lot, expiry=expiry, source=source), then, otherwise
    )


def count_stock(
    jobs: Jobs, item_id: str, counted: int, reason: str, second_name: str, then: Then, otherwise: Otherwise
) -> None:
    """The shelf was counted; ``then`` gets (difference, Changes)."""
    jobs.run(lambda db: _kept(supplies.count_stock(db, item_id, counted, reason, second_name)), then, otherwise)


def waste(jobs: Jobs, item_id: str, quantity: int, reason: str, then: Then, otherwise: Otherwise) -> None:
    """Stock broken or past its date; ``then`` gets the Changes."""
    jobs.run(lambda db: supplies.waste(db, item_id, quantity, reason), then, otherwise)


def add_item(jobs: Jobs, name: str, unit: str, kind: ItemKind, then: Then, otherwise: Otherwise, **more: Any) -> None:
    """A new supply; ``then`` gets (Item, Changes)."""
    jobs.run(lambda db: _kept(supplies.add_item(db, name, unit, kind, **more)), then, otherwise)


def change_item(jobs: Jobs, item_id: str, then: Then, otherwise: Otherwise, **fields: Any) -> None:
    """A supply's details; ``then`` gets (Item, Changes)."""
    jobs.run(lambda db: _kept(supplies.change_item(db, item_id, **fields)), then, otherwise)


def set_quota(jobs: Jobs, item_id: str, most_per_day: int | None, then: Then, otherwise: Otherwise) -> None:
    """A supply's quota; ``then`` gets (Item, Changes)."""
    jobs.run(lambda db: _kept(supplies.set_quota(db, item_id, most_per_day)), then, otherwise)


# --- requests ----------------------------------------------------------------------------------------------------------


def add_request(
    jobs: Jobs,
    text: str,
    then: Then,
    otherwise: Otherwise,
    *,
    kind: RequestKind,
    category: Category | str,
    channel: Channel,
    urgency: Urgency,
    person_id: str | None = None,
    place: str = "",
    contact: str = "",
    pictures: Sequence[bytes] = (),
    grid: str = "",
) -> None:
    """A new request; ``then`` gets (Request, Changes)."""
    jobs.run(
        lambda db: _kept(
            requests.add(
                db,
                text,
                kind=kind,
                category=category,
                channel=channel,
                urgency=urgency,
                person_id=person_id,
                place=place,
                contact=contact,
                pictures=pictures,
                grid=grid,
            )
        ),
        then,
        otherwise,
    )


def join_request(
    jobs: Jobs,
    request_id: str,
    then: Then,
    otherwise: Otherwise,
    *,
    channel: Channel,
    person_id: str | None = None,
    contact: str = "",
    note: str = "",
) -> None:
    """Somebody joins a request that is there; ``then`` gets (Voice, digits of the slip, Changes)."""

    def join(db: Database) -> Any:
        outcome = voices.add(db, request_id, channel=channel, person_id=person_id, contact=contact, note=note)
        return outcome, outcome[2]

    jobs.run(join, then, otherwise)


def open_box(
    jobs: Jobs,
    box: Channel,
    first_name: str,
    second_name: str,
    taken: Sequence[boxes.Slip],
    then: Then,
    otherwise: Otherwise,
    *,
    found: int | None,
    note: str,
    locked: bool,
) -> None:
    """A box was opened; ``then`` gets (Opening, what was taken down, Changes). ``locked``: only the district reads the slips."""

    def do(db: Database) -> Any:
        from ..services import boxes
        from ..sync import outbox

        lock = outbox.lock(db) if locked else None
        outcome = boxes.open_box(db, box, first_name, second_name, taken, slips_found=found, note=note, lock=lock)
        return outcome, outcome[2]

    jobs.run(do, then, otherwise)


def add_pictures(
    jobs: Jobs, request_id: str, jpegs: Sequence[bytes], then: Then, otherwise: Otherwise, shows: str = ""
) -> None:
    """Pictures of a request, made ready; ``then`` gets (all its pictures, Changes)."""
    jobs.run(lambda db: _kept(attachments.add(db, request_id, jpegs, shows=shows)), then, otherwise)


def remove_picture(jobs: Jobs, picture_id: str, then: Then, otherwise: Otherwise) -> None:
    """A picture is taken away; ``then`` gets the Changes."""
    jobs.run(lambda db: attachments.remove(db, picture_id), then, otherwise)


def cover_picture(jobs: Jobs, picture_id: str, boxes: Sequence[pictures.Box], then: Then, otherwise: Otherwise) -> None:
    """Parts of a picture that is kept are covered; ``then`` gets (Picture, Changes)."""

    def work(db: Database) -> Any:
        outcome = attachments.cover(db, picture_id, boxes)
        return outcome, outcome[1]

    jobs.run(work, then, otherwise)


def request_step(
    jobs: Jobs,
    request_id: str,
    state: RequestState,
    then: Then,
    otherwise: Otherwise | None = None,
    *,
    note: str = "",
    unit: str = "",
    verdict: Verdict | None = None,
) -> None:
    """A request moves on; ``then`` gets (Request, Changes)."""
    jobs.run(
        lambda db: _kept(requests.step(db, request_id, state, note=note, unit=unit, verdict=verdict)), then, otherwise
    )


# --- the shift, the station, the log ------------------------------------------------------------------------------------


def begin_shift(jobs: Jobs, then: Then) -> None:
    """The acting keeper takes the desk."""
    jobs.run(keepers.begin_shift, then)


def end_shift(jobs: Jobs, then: Then) -> None:
    """Whoever is on duty goes home."""
    jobs.run(keepers.end_shift, then)


def open_station(jobs: Jobs, exceptions: str, high: int | None, then: Then, otherwise: Otherwise | None = None) -> None:
    """The opening check."""
    jobs.run(lambda db: keepers.open_station(db, exceptions, high), then, otherwise)


def close_station(jobs: Jobs, note: str, then: Then, otherwise: Otherwise | None = None) -> None:
    """The closing."""
    jobs.run(lambda db: keepers.close_station(db, note), then, otherwise)


def stamp_emergency(jobs: Jobs, then: Then) -> None:
    """Something happens: its time is kept; ``then`` gets (Emergency, Changes)."""
    from ..services import incidents

    jobs.run(lambda db: _kept(incidents.stamp(db)), then)


def change_setting(
    jobs: Jobs, name: str, text: str, then: Then | None = None, otherwise: Otherwise | None = None
) -> None:
    """A setting gets a new value."""
    jobs.run(lambda db: preferences.change(db, name, text), then, otherwise)


def change_station(jobs: Jobs, then: Then, otherwise: Otherwise, **fields: str) -> None:
    """The station's name, hours or phone; ``then`` gets (Station, Changes)."""
    jobs.run(lambda db: _kept(stations.change(db, **fields)), then, otherwise)


def undo(jobs: Jobs, operation: str, then: Then, otherwise: Otherwise | None = None) -> None:
    """Take one operation back."""
    jobs.run(lambda db: history.undo(db, operation), then, otherwise)


def undo_last(jobs: Jobs, then: Then, otherwise: Otherwise | None = None) -> None:
    """Ctrl+Z; ``then`` gets (LogLine, Changes) or None when there is nothing to take back."""

    def work(db: Any) -> Any:
        found = history.undo_last(db)
        return (None, None) if found is None else (found, found[1])

    jobs.run(work, then, otherwise)


def _kept(outcome: tuple[Any, Any]) -> tuple[tuple[Any, Any], Any]:
    """(record, Changes) as the record, so that ``then`` can offer undo, with its Changes told to the pages as well."""
    return outcome, outcome[1]

"""How long things are kept, and forgetting them when their time has passed (DOMAIN.md section 6, decision 011).

A regular who was not seen for 12 months, the words of a request 24 months after it was closed, its pictures after 6; each is
told 30 days before and stays when they come again. Time has passed only where the clock and the records agree: a wrong clock
forgets nobody. The log is never thinned out: it holds codes, ids and ciphertext, no names.
"""

from __future__ import annotations

import calendar
import json
import shutil
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Literal

from .. import settings
from ..db import Database, Row, Tx
from ..model import Changes, Op
from . import aliases, attachments, care, people, preferences, search, subjects
from .requests import NEWEST_STEP

Kind = Literal["person", "request", "pictures"]
REASON = "expired"
TOLD_BEFORE = timedelta(days=30)
"""So long before somebody is forgotten the keeper is told; a visit renews them."""
SEEN_DAYS = 5
"""Days with work among the last 30: whoever was to be told could have been, and a clock that has just jumped has not so many."""
LONGEST_GAP = 10
"""Days without records that still count as time passed (a festival); a longer silence may be a clock that jumped."""
SET_ASIDE = 183
"""Days a store that a restore set aside stays: as long as the monthly backups."""
SLICE = 5
"""Subjects forgotten in one operation; between two the desk goes first."""
UNMERGED = "unmerged"
"""The small fact that the index still spells somebody who was forgotten: a run that was stopped leaves it to the next."""
SPAN = 5000
"""Operations looked at in one read."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something whose time passes: ``last`` is the business date it counts from, ``on`` the one it is due on.

    ``withdrawn``: what was kept only to answer somebody who withdrew; no clock has to vouch for that.
    """

    kind: Kind
    id: str
    last: str
    on: str
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a day's run forgot. ``held_back`` is "" or why nothing was ("clock", "records"); ``day`` is a business date."""

    day: str
    people: int = 0
    requests: int = 0
    pictures: int = 0
    set_aside: int = 0
    held_back: str = ""


# --- what is due ---------------------------------------------------------------------------------------------------------


def due(db: Database, until: date) -> list[Due]:
    """Everything whose time passes by ``until`` by the calendar alone, the first first."""
    found = [*_people(db, until=until), *_requests(db), *_pictures(db)]
    return sorted((one for one in found if one.on <= until.isoformat()), key=lambda one: (one.on, one.kind, one.id))


def soon(db: Database) -> list[Due]:
    """What is forgotten within 30 days unless it is renewed, the first first."""
    return due(db, db.now().date() + TOLD_BEFORE)


def kept_until(db: Database, person_id: str) -> str:
    """The business date on which a regular is forgotten if they do not come again; "" for one who is."""
    return next((one.on for one in _people(db, person_id)), "")


def _people(db: Database, only: str | None = None, until: date = date.max) -> Iterator[Due]:
    """Regulars, by the last day they came, were given or asked something, or changed what is kept.

    What a wrong clock dated after today does not count. Whoever was here too recently to be due by ``until`` may be left out.
    """
    months, today = preferences.number(db, settings.KEEP_PEOPLE_MONTHS), db.stamp().business_date
    same = aliases.members_of("e.person_id")
    newest = (
        "coalesce((SELECT max(business_date) FROM {0} WHERE person_id IN {1} AND void_reason IS NULL"
        " AND business_date <= :today), '')"
    )
    done = (
        f"coalesce((SELECT max(+business_date) FROM operation WHERE json_extract(details, '$.person') IN {same}"
        " AND op IN ('change_person', 'issue_badge') AND +business_date <= :today), '')"
    )
    # the index on who was seen when leaves out nearly all; four days more, for months differ in length
    since = "9" if until == date.max else (later(until, -months) + timedelta(days=4)).isoformat()
    after = 0
    while True:
        rows = db.rows(
            f"SELECT e.rowid AS place, e.person_id AS id, max(p.registered_on, {newest.format('visit', same)},"
            f" {newest.format('handout', same)}, {newest.format('request', same)}, {done}) AS last"
            " FROM person_entry e JOIN person p ON p.id = e.person_id"
            f" WHERE e.rowid > :after {'AND e.person_id = :only' if only else ''}"
            " AND (e.last_seen < :since OR e.last_seen > :tomorrow) AND (p.registered_on < :since OR p.registered_on > :today)"
            " ORDER BY e.rowid LIMIT 500",
            {"today": today, "tomorrow": f"{today}U", "since": since, "after": after, "only": only},
        )
        yield from (_due("person", row, months) for row in rows)
        if len(rows) < 500:
            return
        after = rows[-1]["place"]


OVER = (
    "FROM request r JOIN (SELECT subject_id FROM subject_key UNION ALL SELECT id FROM request WHERE locked_key IS NOT NULL"
    " AND id NOT IN (SELECT subject_id FROM subject_key) AND id NOT IN (SELECT subject_id FROM erasure)) k ON k.subject_id = r.id"
    f" JOIN request_step s ON s.id = {NEWEST_STEP}"
)
"""Requests whose words are still known, here or (locked slips) at the district, with the step that tells their state."""


def _requests(db: Database) -> Iterator[Due]:
    """Closed ones; those of whoever withdrew the day after."""
    months = preferences.number(db, settings.KEEP_REQUESTS_MONTHS)
    rows = db.rows(
        f"SELECT r.id, s.business_date AS last, EXISTS(SELECT 1 FROM erasure WHERE subject_id = r.person_id AND reason <> ?)"
        f" AS withdrawn {OVER} WHERE s.state IN ('closed', 'withdrawn') AND r.void_reason IS NULL",
        (REASON,),
    )
    for row in rows:
        if row["withdrawn"]:
            on = date.fromisoformat(row["last"]) + timedelta(days=1)
            yield Due("request", row["id"], row["last"], on.isoformat(), withdrawn=True)
        else:
            yield _due("request", row, months)


def _pictures(db: Database) -> Iterator[Due]:
    """Closed requests with pictures."""
    months = preferences.number(db, settings.KEEP_PICTURES_MONTHS)
    rows = db.rows(
        f"SELECT r.id, s.business_date AS last {OVER} WHERE s.state IN ('closed', 'withdrawn') AND r.void_reason IS NULL"
        " AND EXISTS(SELECT 1 FROM attachment WHERE subject_id = r.id AND void_reason IS NULL)"
    )
    return (_due("pictures", row, months) for row in rows)


def _due(kind: Kind, row: Row, months: int) -> Due:
    return Due(kind, row["id"], row["last"], later(date.fromisoformat(row["last"]), months).isoformat())


def later(day: date, months: int) -> date:
    """The same day so many months later (or earlier), the last of its month where that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


# --- whether time has passed ---------------------------------------------------------------------------------------------


class Records:
    """The days on which somebody worked here, by the clock of then, up to ``today``; days to come are left out."""

    def __init__(self, days: Sequence[date], today: date) -> None:
        self.days = sorted(day for day in set(days) if day <= today)
        self.today = today
        self._passed = [0]
        for before, after in pairwise(self.days):
            gap = (after - before).days
            self._passed.append(self._passed[-1] + (gap if gap <= LONGEST_GAP else 0))

    def recent(self) -> int:
        """How many of the last 30 days have records."""
        return len(self.days) - bisect_right(self.days, self.today - TOLD_BEFORE)

    def passed(self, since: date) -> int:
        """How many days went by since then as far as records vouch for it: long silences do not count."""
        place = bisect_left(self.days, since)
        return self._passed[-1] - self._passed[place] if place < len(self.days) else 0

    def agree(self, one: Due) -> bool:
        """Whether the records too say that its time has passed."""
        last = date.fromisoformat(one.last)
        return self.passed(last) >= (date.fromisoformat(one.on) - last).days


def read_records(db: Database) -> Records:
    """The days of work, read in slices: what the program does by itself is none."""
    end = int(db.scalar("SELECT coalesce(max(sequence), 0) FROM operation"))
    days: set[str] = set()
    for first in range(0, end, SPAN):
        rows = db.rows(
            "SELECT DISTINCT substr(recorded, 1, 10) AS day FROM operation WHERE sequence > ? AND sequence <= ?"
            " AND op NOT IN ('setting', 'forget', 'refuse', 'close_batch', 'apply_pack', 'enrol')",
            (first, first + SPAN),
        )
        days |= {row["day"] for row in rows}
    return Records([date.fromisoformat(day) for day in days], db.now().date())


def objection(db: Database, records: Records) -> str:
    """Why nothing may be forgotten now: "clock" where it looks wrong, "records" where too few days vouch for it; "" when fine."""
    if care.clock(db, db.now()) is not None:
        return "clock"
    return "records" if records.recent() < SEEN_DAYS else ""


# --- forgetting ----------------------------------------------------------------------------------------------------------


def daily(db: Database, stop: Callable[[], bool] = lambda: False) -> tuple[Forgotten | None, list[Changes]]:
    """The day's forgetting, None when it was done today; for a thread of its own. ``stop``, asked between slices, ends it early."""
    today = db.stamp().business_date
    last = last_run(db)
    if last is not None and last.day == today:
        return None, []
    return forget_due(db, stop)


def forget_due(db: Database, stop: Callable[[], bool] = lambda: False) -> tuple[Forgotten, list[Changes]]:
    """Forget what is due, if clock and records agree, in slices of one operation each, done by the program itself.

    A slice takes some 10 ms; the last step merges the index (30 ms for 20,000 regulars).
    """
    today = db.now().date()
    records = read_records(db)
    held_back = objection(db, records)
    counts = {"person": 0, "request": 0, "pictures": 0}
    done: list[Changes] = []
    ready = [one for one in due(db, today) if one.withdrawn or (not held_back and records.agree(one))]
    for first in range(0, len(ready), SLICE):
        part = ready[first : first + SLICE]
        if stop():
            return _told(db, counts, 0, held_back, keep=False), done
        with db.transact(Op.FORGET, by_itself=True) as tx:
            tx.keeper = ""
            still = [one for one in part if _still(tx.db, one)]  # somebody may have come in just now
            for one in still:
                _forget(tx, one)
                counts[one.kind] += 1
            tx.set_meta(UNMERGED, "1")
            tx.forgets = False  # the index and the log are cleared once for all, after the last
            tx.details |= {kind: n for kind in counts if (n := sum(one.kind == kind for one in still))}
        done.append(tx.changes)
    if counts["pictures"]:
        attachments.sweep(db)
    return _told(db, counts, 0 if held_back else _clear_set_aside(db, records), held_back), done


def _still(db: Database, one: Due) -> bool:
    if one.kind == "person":
        return one in _people(db, one.id)
    return db.one(f"SELECT 1 {OVER} WHERE r.id = ? AND s.state IN ('closed', 'withdrawn')", (one.id,)) is not None


def _forget(tx: Tx, one: Due) -> None:
    if one.kind == "person":
        people.forget(tx, one.id, REASON)
        tx.run("DELETE FROM imported_row WHERE row_id = ?", (one.id,))  # no objection to a list that names them again
    elif one.kind == "request":
        subjects.erase(tx, one.id, REASON)
    else:
        for row in attachments.standing(tx.db, one.id):
            tx.void("attachment", row["id"], REASON)


def _told(db: Database, counts: dict[str, int], set_aside: int, held_back: str, *, keep: bool = True) -> Forgotten:
    """The end of a run: what it forgot leaves the index and the write-ahead log; ``keep``: the day is done."""
    told = Forgotten(
        db.stamp().business_date, counts["person"], counts["request"], counts["pictures"], set_aside, held_back
    )
    with db.transact(Op.FORGET, by_itself=True) as tx:
        tx.keeper = ""
        if db.meta(UNMERGED):
            search.merge(tx)
            tx.set_meta(UNMERGED, "")
            tx.forgets = True
        if keep:
            tx.set_meta("forgotten", json.dumps(asdict(told)))
    return told


def last_run(db: Database) -> Forgotten | None:
    """What the last day's run forgot, None before the first."""
    kept = db.meta("forgotten")
    return Forgotten(**json.loads(kept)) if kept else None


# --- stores that a restore set aside -------------------------------------------------------------------------------------


def set_aside(db: Database) -> list[tuple[datetime, Path]]:
    """The stores that restores set aside here, with when, the oldest first."""
    found = []
    for folder in (db.path.parent / "set-aside").glob("*"):
        with suppress(ValueError):
            moment = datetime.strptime(folder.name.rstrip("+"), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            found.append((moment, folder))
    return sorted(found)


def _clear_set_aside(db: Database, records: Records) -> int:
    """Take away what was set aside half a year ago: it holds what was forgotten since."""
    gone = 0
    for moment, folder in set_aside(db):
        if records.passed(moment.astimezone(db.zone).date()) >= SET_ASIDE:
            with suppress(OSError):  # in use: tomorrow
                shutil.rmtree(folder)
                gone += 1
    return gone

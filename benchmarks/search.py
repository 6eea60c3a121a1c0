"""How long finding somebody takes per key press among many, beside a plain FTS5 query of SQLite in the same run, and the people page.

``python -m benchmarks.search [PEOPLE [KEEP]]`` (100,000 without words) registers so many regulars and types what a keeper types, one
key after the other: names, pinyin, initials, phone tails, card numbers, and each with one slip. The **floor** is the same key presses
as a plain query (``MATCH '"text"*' LIMIT 20``) of an unencrypted FTS5 table with the same words, by the same SQLite, in turn. Then the
people page: its lists in every order, and the rows that a window shows. ``KEEP`` is a folder where the store stays for the next run.
Figures are of this machine.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlcipher3 import dbapi2 as driver

from station_app.db import Database
from station_app.model import Consent, Occupation, Op
from station_app.services import near, people, search, stations

from . import stores
from .stores import CHEAP, HERE, PASSWORD, Figure, ranked

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石"
    "单仇解查"
)
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂志建国华文玉林春梅海燕小红晓东新生永康福祥云飞天宇思远子轩浩然雨泽"
WINDOW = 30
"""Rows a window shows at once."""


def main(count: int = 100_000, keep: str = "") -> list[Figure]:
    """Measure, print and return the rows."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(keep or folder) / f"station-{count}"
        db = stations.open_station(place, PASSWORD) if place.exists() else filled(place, count)
        floor = plain_index(db)
        try:
            found = measure(db, floor)
            page(db)
        finally:
            floor.close()
            db.close()
    rows = []
    for name, most in (("p50", 1), ("p99", 10)):
        floor = found[f"floor_{name}"]
        beside = f"plain FTS5 {floor:.2f} ms: {found[name] / floor:.1f}x"
        told = f"search, {count:,} people, per key, {name}"
        rows.append(Figure(told, f"{found[name]:.2f} ms", beside, f"<= {most} ms", found[name] <= most))
    return rows


def filled(place: Path, count: int) -> Database:
    """A station with so many regulars, half of whom came in the last year."""
    db, _ = stations.set_up(place, HERE, "王敏", PASSWORD, cost=CHEAP)
    dice, now = random.Random(1), datetime.fromisoformat("2026-07-17T08:00:00+08:00")
    started = time.perf_counter()
    for first in range(0, count, 5000):
        with db.transact(Op.IMPORT_PEOPLE) as tx:
            for _ in range(min(5000, count - first)):
                name = dice.choice(SURNAMES) + "".join(dice.choice(GIVEN) for _ in range(dice.choice((1, 2, 2))))
                phone = f"1{dice.choice('3578')}{dice.randrange(10**9):09d}"
                named = dice.random() < 0.8
                person_id = people.write(
                    tx, dice.choice(list(Occupation)), dice.choice(("美团", "饿了么", "顺丰", "")), name if named else "",
                    phone if named else "", Consent.STATION if named else Consent.NONE,
                )  # fmt: skip
                if dice.random() < 0.5:
                    seen = (now - timedelta(minutes=dice.randrange(525_600))).isoformat()
                    tx.run("UPDATE person_entry SET last_seen = ? WHERE person_id = ?", (seen, person_id))
            tx.details["count"] = count
    print(f"{count:,} regulars in {time.perf_counter() - started:.0f} s")
    return db


def plain_index(db: Database) -> driver.Connection:
    """The same words in a plain FTS5 table of an unencrypted database."""
    plain = driver.connect(":memory:")
    plain.execute("CREATE VIRTUAL TABLE words USING fts5(tokens, detail=none, prefix='1 2 3 4', tokenize='unicode61')")
    for first in range(0, db.scalar("SELECT max(rowid) FROM person_entry") or 0, 5000):
        rows = db.rows(
            "SELECT e.rowid, e.person_id, (SELECT card_number FROM badge WHERE person_id = e.person_id) AS card FROM person_entry e"
            " WHERE e.rowid > ? AND e.rowid <= ?",
            (first, first + 5000),
        )
        words = [(row["rowid"], search.tokens(*search.identity(db, row["person_id"]), row["card"] or "")) for row in rows]
        plain.executemany("INSERT INTO words(rowid, tokens) VALUES(?, ?)", words)
    plain.commit()
    plain.execute("INSERT INTO words(words) VALUES('optimize')")
    return plain


def typed(db: Database, samples: int = 60) -> Iterator[str]:
    """What is in the field after each key, for people taken at random."""
    dice = random.Random(2)
    newest = db.scalar("SELECT max(rowid) FROM person_entry")
    for _ in range(samples):
        row = db.one("SELECT person_id FROM person_entry WHERE rowid >= ? LIMIT 1", (dice.randint(1, newest),))
        (person,) = people.several(db, [row["person_id"]]) if row else ()
        ways = search.readings(person.name)
        texts = [person.card_number]
        if ways:
            texts += [person.name, "".join(ways[-1]), "".join(one[0] for one in ways[-1]), person.phone[-4:]]
        for text in texts:
            yield from (text[:end] for end in range(1, len(text) + 1))


def slipped(db: Database) -> Iterator[str]:
    """Whole texts with one slip that nobody fits."""
    dice = random.Random(3)
    for text in set(typed(db)):
        if len(text) >= near.SHORTEST and not search.matching(db, f'"{wrong(text, dice)}"*', 1):
            yield wrong(text, random.Random(text))


def wrong(text: str, dice: random.Random) -> str:
    """The text with one sign replaced."""
    place = dice.randrange(len(text))
    signs = "0123456789" if text.isdigit() else "qwertyuiopasdfghjklzxcvbnm" if text.isascii() else GIVEN
    return text[:place] + dice.choice(signs.replace(text[place], "")) + text[place + 1 :]


def measure(db: Database, floor: driver.Connection) -> dict[str, float]:
    """Key presses, ours and the floor's in turn; prints and returns milliseconds."""

    def plainly(text: str) -> object:
        return floor.execute("SELECT rowid FROM words WHERE words MATCH ? LIMIT 20", (f'"{search.plain(text)}"*',)).fetchall()

    ours: list[float] = []
    theirs: list[float] = []
    search.find(db, "li", 20)  # the first asks load what all need
    for text in typed(db):
        ours.append(best(lambda text=text: search.find(db, text, 20)))  # type: ignore[misc]
        theirs.append(best(lambda text=text: plainly(text)))  # type: ignore[misc]
    slips = [best(lambda text=text: search.find(db, text, 20)) for text in slipped(db)]  # type: ignore[misc]
    found = {
        "keys": len(ours), "p50": ranked(ours, 50), "p99": ranked(ours, 99), "worst": max(ours), "floor_p50": ranked(theirs, 50),
        "floor_p99": ranked(theirs, 99), "slips": len(slips), "slip_p50": ranked(slips, 50), "slip_worst": max(slips, default=0.0),
    }  # fmt: skip
    everybody = db.scalar("SELECT count(*) FROM person_entry")
    print(
        f"{everybody:,} regulars, {len(ours):,} keys: p50 {found['p50']:.2f} ms, p99 {found['p99']:.2f},"
        f" worst {found['worst']:.1f}; floor p50 {found['floor_p50']:.2f}, p99 {found['floor_p99']:.2f};"
        f" ratio {found['p50'] / found['floor_p50']:.1f} and {found['p99'] / found['floor_p99']:.1f};"
        f" {len(slips)} slips: p50 {found['slip_p50']:.1f} ms, worst {found['slip_worst']:.1f}"
    )
    return found


def page(db: Database) -> dict[str, float]:
    """The people page: the ids of everybody in each order, and the rows a window shows; prints and returns milliseconds."""
    found = {order: min(timed(lambda order=order: people.ids(db, None, order)) for _ in range(3)) for order in people.ORDERS}  # type: ignore[misc]
    ids = people.ids(db)
    found["rows"] = timed(lambda: people.several(db, ids[len(ids) // 2 :][:WINDOW]))
    print("people page: " + ", ".join(f"{name} {spent:.0f} ms" for name, spent in found.items()))
    return found


def best(work: Callable[[], object]) -> float:
    """The shortest of three: what else the machine does is not measured."""
    return min(timed(work) for _ in range(3))


def timed(work: Callable[[], object]) -> float:
    """Milliseconds it took."""
    return stores.timed(work) * 1000


if __name__ == "__main__":
    main(*(int(word) if word.isdigit() else word for word in sys.argv[1:3]))  # type: ignore[arg-type]

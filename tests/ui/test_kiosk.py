"""Self check-in through the real window, by keys, scans and taps: what visitors can do, and that nothing else can be done."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSizeF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from station_app import app, vault, words
from station_app.db import Database
from station_app.errors import Refused
from station_app.model import KIOSK, Consent, Mood, Occupation, Op, Person, RequestState, Role
from station_app.services import feedback, keepers, people, reports, requests, samples, stations, supplies, visits
from station_app.ui import kiosk_reads, painting, theme
from station_app.ui.hands import Hands
from station_app.ui.kiosk import ANSWER, FACE_PAUSE, ORDER, THANKS, Kiosk
from station_app.ui.kiosk_parts import Tile
from station_app.ui.main_window import MainWindow
from tests.conftest import PASSWORD, PIN, SAMPLE, Clock
from tests.ui import looking

Key = Qt.Key
DAY = "2026-07-17"


class Front:
    """A window with the kiosk on it, a hand to tap, and seconds that pass when the test says so."""

    def __init__(self, window: MainWindow, db: Database, clock: Clock) -> None:
        self.window, self.db, self.clock = window, db, clock
        self.hands = Hands(window, lambda: window.idle, window.catcher)
        self.now = 1_000.0

    def start(self) -> None:
        self.hands.ctrl("k")
        self.kiosk._clock = lambda: self.now
        self.kiosk.show_front()
        self.wait(1)

    @property
    def kiosk(self) -> Kiosk:
        assert self.window.kiosk is not None
        return self.window.kiosk

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.clock.forward(seconds=seconds)
        self.kiosk.tick()
        self.hands.settle()

    def tap(self, tile: Tile) -> None:
        QTest.mouseClick(tile, Qt.MouseButton.LeftButton)
        self.hands.settle()

    @property
    def at_front(self) -> bool:
        return self.kiosk.screens.currentWidget() is self.kiosk.front

    def times(self) -> int:
        return visits.today(self.db, DAY).person_times


@pytest.fixture
def clock() -> Clock:
    return Clock(f"{DAY}T14:26:00+08:00")


@pytest.fixture
def person(db: Database) -> Person:
    return people.register(db, Occupation.RIDER, "飞鹿外卖", "曾德娟", "13800000021", Consent.DISTRICT)[0]


@pytest.fixture
def db(tmp_path: Path, clock: Clock) -> Iterator[Database]:
    made, _ = stations.set_up(tmp_path / "station", SAMPLE, "王敏", PASSWORD, PIN, clock=clock, cost=vault.Cost(1, 8192))
    samples.stock(made)
    yield made
    made.close()


@pytest.fixture
def front(qtbot: QtBot, qapp: QApplication, db: Database, person: Person, clock: Clock) -> Iterator[Front]:
    qapp.setProperty("pictures", True)
    theme.apply(qapp, pictures=True)
    window = app.window(db)
    window.show()
    qtbot.waitActive(window)
    made = Front(window, db, clock)
    made.hands.settle()
    made.start()
    yield made
    if window.kiosk is not None:
        window.kiosk.timer.stop()
        window.kiosk = None
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_a_scan_is_greeted_with_what_can_be_taken_and_the_screen_is_the_next_ones(front: Front, person: Person) -> None:
    front.hands.scan(person.badge_code)
    kiosk = front.kiosk
    assert kiosk.hello.text() == "曾师傅，您好！"
    assert "第 1 位" in kiosk.told.text()
    assert [tile.words() for tile in kiosk.goods if tile.isVisible()][:2] == ["防暑包", "清凉包"]
    assert front.times() == 1
    front.wait(ANSWER - 1)
    assert not front.at_front
    front.wait(2)
    assert front.at_front


def test_names_and_numbers_of_visitors_are_never_on_the_screen(front: Front, person: Person) -> None:
    front.hands.scan(person.badge_code)
    parts = front.kiosk.findChildren(QWidget)
    shown = " ".join(part.accessibleName() + part.accessibleDescription() for part in parts)
    assert "曾师傅" in shown
    assert "德娟" not in shown
    assert "0021" not in shown


def test_the_same_card_again_says_so_and_counts_once(front: Front, person: Person) -> None:
    front.hands.scan(person.badge_code)
    front.wait(60)
    front.hands.scan(person.badge_code)
    assert front.kiosk.told.text() == "刚才已登记过，本次没有重复计数"
    assert front.times() == 1


def test_every_tile_and_every_digit_counts_one_of_its_occupation(front: Front) -> None:
    for one in ORDER:
        front.tap(front.kiosk.tiles[one])
        front.wait(ANSWER + 1)
        front.wait(1)
    for place in range(1, 8):
        front.hands.key(str(place))
        front.wait(ANSWER + 1)
        front.wait(1)
    assert visits.today(front.db, DAY).anonymous == dict.fromkeys(Occupation, 2)


def test_a_hasty_second_tap_counts_nobody(front: Front) -> None:
    tile = front.kiosk.tiles[Occupation.RIDER]
    front.tap(tile)
    front.tap(front.kiosk.answer_faces[Mood.POOR])  # where the finger still is
    front.tap(front.kiosk.back)
    assert front.times() == 1
    assert not front.at_front
    assert sum(feedback.counts(front.db, DAY, DAY).values()) == 0


def test_the_number_of_a_card_left_at_home_will_do(front: Front, person: Person) -> None:
    front.tap(front.kiosk.number)
    for digit in "000000":
        front.tap(front.kiosk.card_pad.keys[digit])
    assert "没有找到" in front.kiosk.card_told.text()
    for digit in person.card_number:
        front.tap(front.kiosk.card_pad.keys[digit])
    assert front.kiosk.hello.text() == "曾师傅，您好！"
    assert front.times() == 1


def test_a_card_that_opens_nothing_sends_nobody_away(front: Front) -> None:
    front.hands.scan("9990000000000000000000")
    assert front.kiosk.hello.text() == "没认出这张卡"
    front.wait(1)
    front.tap(front.kiosk.back)
    assert front.at_front
    assert front.times() == 0


def test_an_answer_waits_and_its_words_do_not_show(front: Front, person: Person, db: Database) -> None:
    db.only = None
    made, _ = requests.add(db, "楼下充电口坏了", person_id=person.id)
    requests.step(db, made.id, RequestState.ACCEPTED)
    requests.step(db, made.id, RequestState.REPLIED, note="下周一装好")
    db.only = KIOSK
    front.hands.scan(person.badge_code)
    assert front.kiosk.waiting.text() == "您有 1 条答复，请到前台问一问"


def test_what_was_taken_today_is_said(front: Front, person: Person, db: Database) -> None:
    db.only = None
    item = supplies.by_name(db, "防暑包")
    assert item is not None
    supplies.hand_out(db, item.id, person_id=person.id)
    db.only = KIOSK
    found, _ = kiosk_reads.check_in(db, person.badge_code)
    assert {good.name for good in found.goods if good.taken} == {"防暑包"}
    assert found.goods[-1].taken, "what may be taken comes first"
    front.kiosk._show_good(front.kiosk.goods[0], found.goods[-1])
    assert front.kiosk.goods[0].accessibleDescription() == "今天已领过"


def test_a_face_is_counted_and_nobodys(front: Front, db: Database) -> None:
    front.tap(front.kiosk.faces[Mood.GOOD])
    assert front.kiosk.hello.text() == "谢谢您！"
    front.wait(THANKS + 1)
    assert front.at_front
    front.wait(1)
    front.tap(front.kiosk.faces[Mood.POOR])
    front.wait(1)
    front.tap(front.kiosk.faces[Mood.POOR])
    assert feedback.counts(db, DAY, DAY) == {Mood.GOOD: 1, Mood.FAIR: 0, Mood.POOR: 1}
    assert reports.period(db, DAY, DAY).by_mood == {"good": 1, "poor": 1}
    assert set(db.columns("feedback")) == {"id", "version", "store_id", "void_reason", "time", "business_date", "mood"}
    assert FACE_PAUSE > 1


def test_every_other_key_is_dead_and_only_a_pin_leads_back(front: Front, db: Database, person: Person) -> None:
    for key in (*range(Key.Key_F1.value, Key.Key_F12.value + 1), Key.Key_Delete, Key.Key_Slash, Key.Key_Tab):
        front.hands.key(Qt.Key(key))
    for key in "zlnpekio":
        front.hands.ctrl(key)
    for key in "123456789":
        front.hands.key(key, Qt.KeyboardModifier.AltModifier)
    assert front.window.kiosk is not None
    assert front.times() == 0
    front.window.close()
    front.hands.settle()
    assert front.window.isVisible(), "closing asks for the PIN"
    assert front.kiosk.screens.currentWidget() is front.kiosk.pin
    front.hands.type("9999")
    front.hands.key(Key.Key_Return)
    assert front.window.kiosk is not None
    assert db.only == KIOSK
    front.hands.scan(person.badge_code)
    assert front.times() == 0, "a scan is no PIN"
    for digit in PIN:
        front.tap(front.kiosk.pin_pad.keys[digit])
    front.tap(front.kiosk.pin_pad.keys["done"])
    assert front.window.kiosk is None
    assert not front.window.locked
    assert db.only is None
    assert db.role is Role.SUPERVISOR
    front.hands.key(Key.Key_F2)
    assert front.times() == 1, "the desk is itself again"


def test_the_pad_for_the_pin_makes_room_again(front: Front) -> None:
    front.hands.key(Key.Key_Escape)
    front.hands.type("12")
    front.wait(31)
    assert front.at_front


def test_the_idle_lock_does_not_break_it(front: Front, person: Person) -> None:
    front.window._idle.timeout.emit()
    front.hands.scan(person.badge_code)
    assert front.times() == 1
    assert front.window.kiosk is not None


def test_the_store_is_bound_to_the_visitors_own(front: Front, db: Database, person: Person) -> None:
    for refused in (
        lambda: people.register(db, Occupation.RIDER), lambda: people.erase(db, person.id),
        lambda: requests.add(db, "不行"), lambda: keepers.begin_shift(db),
    ):  # fmt: skip
        with pytest.raises(Refused):
            refused()
    assert people.get(db, person.id).name == "曾**"
    assert db.scalar("SELECT count(*) FROM operation WHERE op = ? AND details LIKE '%denied%'", (Op.REFUSE.value,)) == 4


def test_another_language_lasts_for_one_visitor(front: Front) -> None:
    front.tap(front.kiosk.speak_other)
    assert front.kiosk.title.text() == "Welcome, come in and rest"
    front.wait(1)
    front.tap(front.kiosk.tiles[Occupation.RIDER])
    assert "number 1 today" in front.kiosk.told.text()
    front.wait(ANSWER + 1)
    assert front.kiosk.title.text() == "欢迎，进来歇一会儿"
    assert words.language() == "zh"


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080), (1024, 768), (768, 1366)])
def test_nothing_is_cut_on_any_screen_in_any_language(front: Front, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    kiosk = front.kiosk
    kiosk.resize(*size)
    for _language in words.LANGUAGES:
        greets = partial(kiosk.tally, Occupation.SANITATION_WORKER)
        for shows in (kiosk.ask_number, kiosk.ask_pin, greets, partial(kiosk._show, kiosk.front, 0)):
            shows()
            front.hands.settle()
            with looking.noticing(monkeypatch) as cut:
                kiosk.grab()
                assert cut == []
        kiosk._turn_language()
        front.hands.settle()


def test_what_has_no_room_at_all_is_noticed(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: one word longer than its tile in the smallest type."""
    front.kiosk.tiles[Occupation.RIDER].set_text("W" * 60)
    with looking.noticing(monkeypatch) as cut:
        front.kiosk.grab()
        assert cut == ["W" * 60]


def test_words_are_made_smaller_rather_than_cut(qapp: QApplication) -> None:
    asked = theme.face(30, bold=True)
    roomy, tight, lines = QSizeF(400, 60), QSizeF(250, 60), QSizeF(170, 90)
    assert painting.whole("Sanitation worker", asked, roomy)[0].pixelSize() == 30
    smaller, took = painting.whole("Sanitation worker", asked, tight)
    assert 25 <= smaller.pixelSize() < 30
    assert took.height() < 60
    wrapped, took = painting.whole("Sanitation worker", asked, lines)
    assert wrapped.pixelSize() == 30
    assert took.height() > 60


def test_without_a_pin_it_does_not_begin(db: Database) -> None:
    db.acting = ""
    with pytest.raises(Refused) as refusal:
        kiosk_reads.begin(db)
    assert refusal.value.word == "kiosk.needs_pin"
    assert db.only is None

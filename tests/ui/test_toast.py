"""What was done is told for a while and then fades by itself; the way back stays open, and what went wrong stays to be read."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QAbstractAnimation
from pytestqt.qtbot import QtBot

from station_app.ui.feedback import LINGERS, LINGERS_WITH_ACTION, Toast


@pytest.fixture
def toast(qtbot: QtBot) -> Toast:
    made = Toast()
    qtbot.addWidget(made)
    return made


def time_passes(toast: Toast) -> None:
    """The timer runs out, and the fading to its end."""
    toast.rest.timeout.emit()
    if toast.fading.state() is QAbstractAnimation.State.Running:
        toast.fading.setCurrentTime(toast.fading.totalDuration())


def test_it_fades_after_a_while(toast: Toast) -> None:
    toast.say("已为 李** 登记")
    assert toast.rest.isActive()
    assert toast.rest.interval() == LINGERS
    time_passes(toast)
    assert toast.text() == ""
    assert not toast.isVisible()


def test_the_way_back_is_offered_longer(toast: Toast) -> None:
    done: list[str] = []
    toast.say("已登记", action="撤销", then=lambda: done.append("undone"))
    assert toast.rest.interval() == LINGERS_WITH_ACTION > LINGERS
    toast.act()
    assert done == ["undone"]


def test_what_went_wrong_stays(toast: Toast) -> None:
    toast.say("已登记")
    toast.say("今天已经领过了", tone="bad")
    assert not toast.rest.isActive()
    assert toast.text() == "今天已经领过了"


def test_it_waits_while_the_focus_is_on_the_way_back(toast: Toast, qtbot: QtBot) -> None:
    toast.say("已登记", action="撤销", then=lambda: None)
    toast.window().activateWindow()
    toast._link.setFocus()
    qtbot.waitUntil(toast._link.hasFocus)
    time_passes(toast)
    assert toast.text() == "已登记"
    assert toast.rest.isActive()


def test_something_new_while_it_fades_is_shown_whole(toast: Toast) -> None:
    toast.say("第一条")
    toast.rest.timeout.emit()
    toast.fading.setCurrentTime(toast.fading.totalDuration() // 2)
    toast.say("第二条")
    assert toast.fading.state() is not QAbstractAnimation.State.Running
    assert not toast._veil.isEnabled()
    assert toast.text() == "第二条"

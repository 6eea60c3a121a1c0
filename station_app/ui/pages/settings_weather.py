"""From when a heat or cold level holds: the thresholds of DOMAIN.md section 6, each a number that is kept by Enter."""

from __future__ import annotations

from ... import settings
from ...db import Database
from ...services import preferences
from ...words import t
from .. import actions
from ..jobs import Otherwise
from ..kit import Card, Column, Row, Text
from ..page import Shell
from ..theme import tokens
from .settings_forms import SettingRow


def read_thresholds(db: Database) -> dict[str, str]:
    """The thresholds as set, by the setting's name."""
    return {setting.name: preferences.get(db, setting) for setting in settings.WEATHER}


class WeatherCard(Card):
    """Heat at the left, cold at the right; one below the other in large type."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        super().__init__(Text(t("settings.weather_how"), "muted", wrap=True), gap=10, title=t("settings.weather"))
        self.rows = {setting.name: SettingRow(setting, self._change) for setting in settings.WEATHER}
        heat, cold = Column(gap=10), Column(gap=10)
        for name, row in self.rows.items():
            (heat if name.startswith("weather_heat") else cold).addWidget(row)
        heat.addStretch(1)
        cold.addStretch(1)
        both = Column(gap=10) if tokens().large else Row(gap=16)
        both.addLayout(heat, 1)
        both.addLayout(cold, 1)
        self.body.addLayout(both)

    def show_thresholds(self, content: dict[str, str]) -> None:
        """What they are now; a number that is being typed stays."""
        for name, row in self.rows.items():
            row.show_state(content[name])

    def _change(self, name: str, text: str, otherwise: Otherwise) -> None:
        actions.change_setting(
            self._shell.jobs, name, text, lambda _changes: self._shell.tell(t("settings.changed", name=t(f"settings.{name}"))),
            otherwise,
        )  # fmt: skip

"""Today's weather as a keeper tells it: one key opens it, a digit says the warning; or the forecast high and low, typed."""

from __future__ import annotations

from typing import Any

from ..model import Changes, WeatherLevel
from ..services import weather
from ..services.weather import Weather
from ..words import label, t
from . import supply_actions
from .entry import Entry
from .forms import ChoiceField, NumberField
from .jobs import Otherwise
from .kit import Text
from .page import Shell

NONE = "none"
AT = {"keepers.bad_temperature": "high", "weather.low_above_high": "low"}


def open_weather(shell: Shell) -> None:
    """Open the sheet with what is told so far."""
    shell.jobs.read(weather.today, lambda found: _open(shell, found), key="weather")


def _open(shell: Shell, found: Weather) -> None:
    form = WeatherForm(shell, found)
    shell.open_sheet(t("weather.title"), form, submit=t("weather.save"))
    form.start()


class WeatherForm(Entry):
    """The warning by one digit (saved at once), the forecast by two numbers and Enter."""

    def __init__(self, shell: Shell, found: Weather) -> None:
        self._own_shell, self._told = shell, found
        levels = [(NONE, t("weather.no_warning")), *((one.value, label(one)) for one in WeatherLevel)]
        self.warning = ChoiceField(
            "warning", t("weather.warning"), levels, value=found.warning.value if found.warning else NONE, chips=True, keys=True
        )
        super().__init__(
            shell, self.save, self.warning,
            NumberField("high", t("weather.high"), low=weather.LOWEST, high=weather.HIGHEST, value=found.high, required=False),
            NumberField("low", t("weather.low"), low=weather.LOWEST, high=weather.HIGHEST, value=found.low, required=False),
            at=AT,
        )  # fmt: skip
        self.layout().addWidget(Text(t("weather.hint"), "muted", wrap=True))  # type: ignore[union-attr]

    def start(self) -> None:
        """From now on a choice is saved at once: two keys, F12 and a digit."""
        self.warning.take_focus()
        self.warning.changed.connect(self.submit)

    def save(self, values: dict[str, Any], otherwise: Otherwise) -> None:
        """What is told replaces what was told today."""
        warning = WeatherLevel(values["warning"]) if values["warning"] not in ("", NONE) else None

        def done(outcome: tuple[Weather, Changes]) -> None:
            found, changes = outcome
            self._own_shell.close_sheet()
            level = label(found.level) if found.level else t("weather.no_level")
            self._own_shell.tell_undoable(t("weather.told", level=level), changes)

        supply_actions.tell_weather(self._own_shell.jobs, values["high"], values["low"], warning, done, otherwise)

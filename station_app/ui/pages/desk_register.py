"""办卡 from the desk: a digit and Enter make a nameless card; who stands here is checked in with it."""

from __future__ import annotations

import shiboken6

from ...errors import StationError
from ...model import SEES_PEOPLE, Consent, Occupation
from ...words import t
from .. import actions
from ..jobs import Then
from ..page import Shell
from .people_sheets import Filled, PersonForm


def open_registration(shell: Shell, months: int, occupation: Occupation | None, done: Then) -> None:
    """Open the form, filled in as far as the last tally tells; ``done`` gets (Person, Changes) once the card is made.

    ``months`` is how long somebody who does not come is kept, as the notice says.
    """
    named = shell.role in SEES_PEOPLE  # whoever sees nobody's names takes none down
    form = PersonForm(months, consents=tuple(Consent) if named else (Consent.NONE,))
    if occupation is not None:
        form.fill(occupation, Consent.NONE)
    else:
        form.set_values({"consent": Consent.NONE.value})
        form.consent.changed.emit()

    def refused(error: StationError) -> None:
        if not shiboken6.isValid(form):
            shell.tell_error(error)
        elif not form.refused(error):
            shell.sheet_error(error)

    def save(filled: Filled) -> None:
        actions.register(
            shell.jobs, filled.occupation, filled.platform, filled.name, filled.phone, filled.consent, done, refused
        )

    form.filled.connect(save)
    shell.open_sheet(t("desk.register_title"), form, submit=t("desk.register_submit"))

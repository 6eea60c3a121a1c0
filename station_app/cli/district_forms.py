"""``district forms``: spreadsheet forms that the district binds; every pack brings them to the stations, who fill them."""

from __future__ import annotations

from pathlib import Path

import click

from ..district import desk, promises
from ..errors import UserMistake
from ..paper import figure_words
from ..services import bindings, kept_forms
from ..words import t
from .exchange import district_group, open_district
from .frame import Desk, Group, option
from .lists import kept_forms_told
from .reports import filled_answer, read_binding, span_of

forms_group = Group("forms")
district_group.add_command(forms_group)
FILE = click.Path(path_type=Path)


@forms_group.command("list")
@click.pass_obj
def listing(line: Desk) -> None:
    """The forms that go along in packs."""
    with open_district(line) as db:
        kept_forms_told(line, kept_forms.listing(db))


@forms_group.command("keep")
@click.argument("form", type=FILE, metavar="FORM.xlsx")
@option("--binding", type=FILE)
@click.pass_obj
def keep(line: Desk, form: Path, binding: Path | None) -> None:
    """Bind a form, by its headings without a binding; from now on every pack brings it."""
    from ..paper import form_hints, forms

    seen = forms.look(form)
    with open_district(line) as db:
        names = [one.name for one in promises.shelves(db)]
        bound = read_binding(binding) if binding is not None else form_hints.suggest(seen, names)
        kept, changes = kept_forms.keep(db, seen.name, seen.content, bound, sent=True)
    line.done(changes, t("forms_page.taken", name=kept.name, n=len(kept.binding.cells)), id=kept.id, cells=len(kept.binding.cells))


@forms_group.command("drop")
@click.argument("form", metavar="NAME")
@click.pass_obj
def drop(line: Desk, form: str) -> None:
    """Send a form no more: it is gone at a station with its next pack."""
    with open_district(line) as db:
        known = next((one for one in kept_forms.listing(db) if form in (one.name, one.id)), None)
        if known is None:
            raise UserMistake("forms.unknown")
        changes = kept_forms.forget(db, known.id)
    line.done(changes, t("forms_page.forgotten", name=known.name), id=known.id)


@forms_group.command("fill")
@click.argument("form", metavar="NAME")
@option("--month", metavar="YYYY-MM")
@option("--quarter", metavar="YYYY-Q1")
@option("--to", type=FILE, required=True)
@click.pass_obj
def fill(line: Desk, form: str, month: str | None, quarter: str | None, to: Path) -> None:
    """Fill a form with the figures of all stations together."""
    from ..paper import forms

    first, last = span_of(month, quarter, None, None)
    with open_district(line) as db:
        known = next((one for one in kept_forms.listing(db) if form in (one.name, one.id)), None)
        if known is None:
            raise UserMistake("forms.unknown")
        seen = forms.form(kept_forms.content(db, known.id), known.name)
        span = figure_words.span_text(first, last)
        filled = forms.fill(seen, known.binding, bindings.values(db, known.binding, first, last, span, desk.place(db)), to)
    filled_answer(line, filled, to, seen, known.binding)


GROUPS = {"district": district_group}

"""Reports: the figures of a span, the rows behind one, why it changed; on paper, in a spreadsheet, in a district's form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..db import Database
from ..errors import Refused, UserMistake
from ..paper import figure_words
from ..paths import DataFolder
from ..services import bindings, exported, figures, kept_forms, reports, stations, supplies, upkeep
from ..words import t
from .frame import Desk, Group, option, secret_from
from .house import figures as told_figures
from .house import report_text
from .inputs import DAY, WHOLE
from .lists import kept_forms_told
from .outputs import moment, number, table

if TYPE_CHECKING:
    from ..paper.forms import Filled, Form

FILE = click.Path(path_type=Path)
SHOWN = 200
"""Rows behind a figure that are listed unless more are asked for."""


@click.group("report", cls=Group)
@option("--from", "first", type=DAY)
@option("--to", "last", type=DAY)
@click.pass_context
def report(context: click.Context, first: date | None, last: date | None) -> None:
    """The figures of a span of days; today without one."""
    if context.invoked_subcommand is not None:
        return
    desk: Desk = context.obj
    with desk.station() as db:
        found = reports.period(db, *_days(db, first, last))
    desk.tell(told_figures(found), lambda: report_text(found))


def _days(db: Database, first: date | None, last: date | None) -> tuple[str, str]:
    today = db.stamp().business_date
    return first.isoformat() if first else today, last.isoformat() if last else today


# --- behind a figure ----------------------------------------------------------------------------------------------------


@report.command("rows")
@click.argument("figure", metavar="FIGURE")
@option("--from", "first", type=DAY)
@option("--until", "last", type=DAY)
@option("--part", "parts", multiple=True, metavar="PART=VALUE")
@option("--limit", type=WHOLE, default=SHOWN)
@click.pass_obj
def show_rows(desk: Desk, figure: str, first: date | None, last: date | None, parts: Sequence[str], limit: int) -> None:
    """The rows behind a figure."""
    with desk.station() as db:
        start, end = _days(db, first, last)
        wanted = _wanted(figure, start, end, parts)
        ids = figures.ids(db, wanted)
        known = figures.known(figure)
        shown = figures.lines(db, known.table, ids[: max(min(limit, SHOWN), 0)], known.adds)
        total = figures.count(db, wanted)
    rows = [(moment(one.time), figure_words.line_text(one), figure_words.line_note(one), one.n) for one in shown]
    answer = {"figure": figure, "n": total, "rows": len(ids), "shown": shown}
    head = f"{figure_words.figure_name(figure)} {number(total)}"
    desk.tell(answer, lambda: "\n".join([head, table([t("cli.time"), "", "", ""], rows, right=(3,))]))


def _wanted(figure: str, first: str, last: str, parts: Sequence[str]) -> figures.Wanted:
    """A figure by its code, narrowed by ``part=value``; UserMistake with what there is for anything else."""
    if figure not in figures.BY_NAME:
        raise UserMistake("cli.unknown_code", text=figure, choices=t("terms.list").join(figures.BY_NAME))
    narrowed: dict[str, tuple[str, ...]] = {}
    for text in parts:
        part, _, value = text.partition("=")
        allowed = figures.BY_NAME[figure].parts
        if part not in allowed:
            raise UserMistake("cli.unknown_code", text=text, choices=t("terms.list").join(f"{one}=" for one in allowed))
        narrowed[part] = (*narrowed.get(part, ()), value)
    return figures.Wanted(figure, first, last, narrowed)


@report.command("why")
@option("--from", "first", type=DAY, required=True)
@option("--until", "last", type=DAY, required=True)
@click.pass_obj
def why(desk: Desk, first: date, last: date) -> None:
    """What changed since the report of these days was last exported, row by row."""
    with desk.station() as db:
        start, end = first.isoformat(), last.isoformat()
        before = exported.previous(db, start, end)
        if before is None:
            raise Refused("reports.never_exported", first=start, last=end)
        found = exported.differences(before, reports.period(db, start, end), upkeep.upkeep(db, start, end))
        told = [(one, exported.why(db, before, one)) for one in found]
    answer = [
        {"figure": one.wanted.figure, "parts": one.wanted.parts, "then": one.then, "now": one.now, "untold": explained.untold,
         "causes": [{"why": cause.why, "then": cause.then, "now": cause.now, "time": cause.time, "reason": cause.reason,
                     "id": cause.line.id if cause.line else None} for cause in explained.causes]}
        for one, explained in told
    ]  # fmt: skip
    desk.tell({"exported": before.time, "kind": before.kind, "differences": answer}, lambda: _why_text(before, told))


def _why_text(before: exported.Export, told: Sequence[tuple[exported.Difference, exported.Explained]]) -> str:
    lines = [t("reports.since", time=moment(before.time))]
    for one, explained in told:
        lines.append(f"{figure_words.measured(one.wanted)}  {number(one.then)} → {number(one.now)}")
        lines += [
            f"  {moment(cause.time)}  {t(f'reports.why_{cause.why}')}  {cause.then} → {cause.now}" for cause in explained.causes
        ]
        if explained.untold:
            lines.append(f"  {t('reports.untold', n=explained.untold)}")
    return "\n".join(lines if told else [*lines, t("reports.unchanged")])


# --- paper and spreadsheets -----------------------------------------------------------------------------------------------


@report.command("pdf")
@option("--month", metavar="YYYY-MM")
@option("--quarter", metavar="YYYY-Q1")
@option("--year", metavar="YYYY")
@option("--day", type=DAY)
@option("--to", type=FILE, required=True)
@click.pass_obj
def pdf(desk: Desk, month: str | None, quarter: str | None, year: str | None, day: date | None, to: Path) -> None:
    """The report of a month, quarter, year or day as a PDF."""
    from ..paper import report_more
    from ..paper.report import period_report
    from ..sync import beam

    first, last = span_of(month, quarter, year, day)
    with desk.station() as db:
        station = stations.current(db)
        found = reports.period(db, first, last)
        printed_on = date.fromisoformat(db.stamp().business_date)
        beside = report_more.beside(db, first, last) if first != last else None
        code = beam.day_code(db, found)
        pages = period_report(
            found, to, place=station.name, printed_on=printed_on, sample=station.sample, code=code, beside=beside
        )
        exported.remember(db, found, "pdf")
    desk.tell({"file": to, "pages": pages, **told_figures(found)}, t("cli.file_written", name=to.name))


def span_of(month: str | None, quarter: str | None, year: str | None, day: date | None) -> tuple[str, str]:
    """The one span that was named; UserMistake for none or several."""
    given = [one for one in (month, quarter, year, day) if one is not None]
    if len(given) != 1:
        raise UserMistake("reports.name_one_span")
    if month is not None:
        return bindings.month(month)
    if quarter is not None:
        return bindings.quarter(quarter)
    if year is not None:
        if not (year.isdecimal() and len(year) == 4):
            raise UserMistake("reports.bad_year", text=year)
        return f"{year}-01-01", f"{year}-12-31"
    assert day is not None
    return day.isoformat(), day.isoformat()


@report.command("archive")
@option("--year", metavar="YYYY", required=True)
@option("--to", type=FILE, required=True)
@option("--sealed-file", type=FILE)
@click.pass_obj
def yearly(desk: Desk, year: str, to: Path, sealed_file: Path | None) -> None:
    """A year in one folder, or in one sealed file."""
    from ..paper import yearly as papers

    first, _last = span_of(None, None, year, None)
    passphrase = secret_from(sealed_file) if sealed_file is not None else ""
    with desk.station() as db:
        made, changes = papers.write(
            db, int(first[:4]), to, stations.current(db), passphrase=passphrase, progress=desk.progress(t("cli.archiving", year=first[:4]))
        )
    desk.done(changes, t("cli.archived", n=sum(made.rows.values()), path=made.path), path=made.path, rows=made.rows)


# --- forms --------------------------------------------------------------------------------------------------------------

form_group = Group("form")
report.add_command(form_group)


@form_group.command("bind")
@click.argument("form", type=FILE, metavar="FORM.xlsx")
@option("--to", type=FILE, required=True)
@option("--keep", is_flag=True)
@click.pass_obj
def bind(desk: Desk, form: Path, to: Path, keep: bool) -> None:
    """Suggest which cell of a form holds which figure, from its headings, and write that down."""
    from ..paper import form_hints, forms

    seen = forms.look(form)
    if keep or DataFolder(desk.folder).slots.exists():
        with desk.station() as db:
            binding = form_hints.suggest(seen, [item.name for item in supplies.items(db)])
            if keep:
                kept_forms.keep(db, seen.name, seen.content, binding)
    else:  # a form is bound without a station, too: only its supplies are not known by name then
        binding = form_hints.suggest(seen)
    forms.save(bindings.write(binding), to)
    left = list(forms.unbound(seen, binding))
    cells = [{"sheet": one.sheet, "cell": one.cell, "figure": one.figure, "parts": one.parts} for one in binding.cells]
    answer = {"file": to, "cells": cells, "unbound": left, "lost": dict(seen.lost)}

    def text() -> str:
        rows = [(one.sheet, one.cell, figure_words.described(one)) for one in binding.cells]
        return "\n".join([*_lost(seen), table([t("cli.sheet"), t("cli.cell"), t("cli.figure")], rows), *_left(left)])

    desk.tell(answer, text)


@form_group.command("fill")
@click.argument("form", type=FILE, metavar="FORM.xlsx")
@option("--binding", type=FILE, required=True)
@option("--month", metavar="YYYY-MM")
@option("--quarter", metavar="YYYY-Q1")
@option("--year", metavar="YYYY")
@option("--day", type=DAY)
@option("--to", type=FILE, required=True)
@click.pass_obj
def fill(
    desk: Desk, form: Path, binding: Path, month: str | None, quarter: str | None, year: str | None, day: date | None, to: Path
) -> None:
    """Fill a district's form with the figures of a month, everything else in it left as it was."""
    from ..paper import forms

    first, last = span_of(month, quarter, year, day)
    seen = forms.look(form)
    bound = read_binding(binding)
    with desk.station() as db:
        filled = forms.fill(seen, bound, bindings.values(db, bound, first, last, figure_words.span_text(first, last)), to)
        exported.remember(db, reports.period(db, first, last), "form")
    filled_answer(desk, filled, to, seen, bound)


@form_group.command("list")
@click.pass_obj
def kept(desk: Desk) -> None:
    """The forms that are kept, those that the district bound first."""
    with desk.station() as db:
        kept_forms_told(desk, kept_forms.listing(db))


@form_group.command("fill-kept")
@click.argument("form", metavar="NAME")
@option("--month", metavar="YYYY-MM")
@option("--quarter", metavar="YYYY-Q1")
@option("--year", metavar="YYYY")
@option("--to", type=FILE, required=True)
@click.pass_obj
def fill_kept(desk: Desk, form: str, month: str | None, quarter: str | None, year: str | None, to: Path) -> None:
    """Fill a form that is kept, by its name: one of the district's needs no file and no binding."""
    from ..paper import forms

    first, last = span_of(month, quarter, year, None)
    with desk.station() as db:
        known = next((one for one in kept_forms.listing(db) if form in (one.name, one.id)), None)
        if known is None:
            raise UserMistake("forms.unknown")
        seen = forms.form(kept_forms.content(db, known.id), known.name)
        held = bindings.values(db, known.binding, first, last, figure_words.span_text(first, last))
        filled = forms.fill(seen, known.binding, held, to)
        exported.remember(db, reports.period(db, first, last), "form")
    filled_answer(desk, filled, to, seen, known.binding)


def read_binding(file: Path) -> bindings.Binding:
    """The binding in a file; Refused for anything else."""
    try:
        with file.open("rb") as opened:
            return bindings.read(opened.read(bindings.MOST_BYTES + 1))
    except OSError as error:
        raise Refused("forms.no_file", name=file.name) from error


def filled_answer(desk: Desk, filled: Filled, to: Path, seen: Form, bound: bindings.Binding) -> None:
    """Answer what was filled, what was left, what of the form could not be kept."""
    answer = {"file": to, "cells": filled.cells, "left": filled.left, "lost": dict(seen.lost), "same_form": seen.labels == bound.labels}
    desk.tell(answer, lambda: "\n".join([*_lost(seen), *_changed(seen, bound), *_told(filled, to)]))


def _told(filled: Filled, to: Path) -> list[str]:
    return [t("cli.form_filled", name=to.name, n=filled.cells), *_left(filled.left)]


def _changed(seen: Form, bound: bindings.Binding) -> list[str]:
    return [] if seen.labels == bound.labels else [t("forms.changed")]


def _lost(seen: Form) -> list[str]:
    return [t(f"forms.lost_{code}", n=n) for code, n in seen.lost]


def _left(left: Sequence[Any]) -> list[str]:
    return [t(f"forms.left_{one.why}", cell=one.cell, text=" ".join(one.text.split())) for one in left]

"""Every error this program raises on purpose, in one tree.

::

    StationError            a sentence id for the person who meets it, its fields, an exit code
    ├── UserMistake    (2)  what was typed or asked cannot be right; say what to type instead
    ├── Refused        (3)  a rule or a check says no: a quota, a damaged file, a wrong password, a forged pack
    │   └── RuleRefused     ... by a rule of the field: names the rule, the last event and when it is possible again
    ├── EnvironmentFault (4) the machine says no: disk full, folder locked by another window, no display
    └── Cancelled      (1)  the person stopped a long task; nothing was half done

    Bug                     an expectation of ours that did not hold; never shown as if the person had erred

An error carries no text for people: ``word`` names a sentence in the catalogues of ``words.py`` (``"rosters.empty_file"``),
``fields`` fill it.
"""

from __future__ import annotations

from typing import Any, ClassVar


class StationError(Exception):
    """Something a person has to be told; ``word`` is the id of the sentence, ``fields`` what it mentions."""

    exit_code: ClassVar[int] = 1

    def __init__(self, word: str, /, **fields: Any) -> None:
        super().__init__(word, fields)
        self.word = word
        self.fields = fields

    def __str__(self) -> str:
        details = ", ".join(f"{name}={text!r}" for name, text in self.fields.items())
        return f"{self.word}({details})"


class UserMistake(StationError):
    """What was typed or asked for cannot be right."""

    exit_code = 2


class Refused(StationError):
    """A check says no; nothing was changed."""

    exit_code = 3


class RuleRefused(Refused):
    """A rule of the field says no before anything was given (DOMAIN.md section 2, rule 2).

    ``rule``, ``last`` and ``next`` are plain values: the rule's name, the time of the last event (ISO 8601 or None) and
    the first time it is possible again (ISO 8601 or None when it never is).
    """

    def __init__(self, word: str, /, *, rule: str, last: str | None, next: str | None, **fields: Any) -> None:
        super().__init__(word, rule=rule, last=last, next=next, **fields)
        self.rule = rule
        self.last = last
        self.next = next


class EnvironmentFault(StationError):
    """The machine, not the person, stands in the way."""

    exit_code = 4


class Cancelled(StationError):
    """The person stopped a long task."""

    exit_code = 1


class Bug(Exception):
    """An expectation of ours did not hold."""

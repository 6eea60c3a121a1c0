"""What a pack tells of the district's regulars, and what a batch answers: records of format version 1. Sees only ``wire``.

An entry is about one badge; its ``number`` is not told, for a pack brings all that is newer than ``since`` up to ``number``.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from . import wire

MOST_ENTRIES = 30_000
"""Entries of one pack; what is left goes with the next, once the station told how far it is."""


class _Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of what is signed: frozen, no unknown fields."""


class BadgeKey(_Told, frozen=True, kw_only=True):
    """A key badges of the district are made with, in hex, and the version digit that names it."""

    version: Annotated[str, Meta(pattern=r"\A[1-9]\Z")]
    key: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class Entry(_Told, frozen=True, kw_only=True, omit_defaults=True):
    """A badge: "active" of somebody who agreed to be known in the district, "revoked" of anybody, "gone" one told no more.

    The name is sealed as in ``identity``, under the key of ``person_id`` that lies beside the pack; ``until`` is the last day it
    opens a card if they do not come; ``station`` is where they are at home.
    """

    code: wire.Digits
    state: Literal["active", "revoked", "gone"]
    person_id: wire.Id | None = None
    occupation: wire.Occupation | None = None
    platform: wire.Name | None = None
    name_sealed: wire.Sealed | None = None
    until: wire.Day | None = None
    station: wire.Name | None = None


class Merge(_Told, frozen=True, kw_only=True):
    """Two people whom the district found to be one; all that hold are told each time."""

    kept_id: wire.Id
    merged_id: wire.Id


class Roster(_Told, frozen=True, kw_only=True):
    """All changes after ``since`` (0: everything) up to ``number``; keys with the newest last; own people to forget."""

    since: wire.Number = 0
    number: wire.Number = 0
    keys: Annotated[list[BadgeKey], Meta(max_length=9)] = []
    entries: Annotated[list[Entry], Meta(max_length=MOST_ENTRIES)] = []
    merges: Annotated[list[Merge], Meta(max_length=5000)] = []
    forgotten: Annotated[list[wire.Id], Meta(max_length=5000)] = []


class Seen(_Told, frozen=True, kw_only=True):
    """How far a store knows the roster: the district's epoch and the number of its newest change, 0 and 0 before the first."""

    epoch: wire.Number = 0
    number: wire.Number = 0

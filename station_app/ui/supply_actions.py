"""What a keeper can do with supplies beyond the desk (``actions``): orders, transfers, voids, rules, campaigns, the weather.

Each starts an operation on the writer thread; ``then`` gets the service's record, ``otherwise`` its StationError.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..model import Changes, Occupation, WeatherLevel
from ..services import supplies, weather
from ..services.supplies import campaigns, orders, photos, quotas, transfers, voids
from .jobs import Jobs, Otherwise, Then


def order(jobs: Jobs, lines: Sequence[tuple[str, int]], wanted_by: str, note: str, then: Then, otherwise: Otherwise) -> None:
    """An order slip of (item id, quantity); ``then`` gets (number, Changes)."""
    jobs.run(lambda db: _kept(orders.place(db, lines, wanted_by=wanted_by, note=note)), then, otherwise)


def send(jobs: Jobs, item_id: str, quantity: int, partner: str, note: str, then: Then, otherwise: Otherwise) -> None:
    """To another station; ``then`` gets (Transfer, Changes)."""
    jobs.run(lambda db: _kept(transfers.send(db, item_id, quantity, partner, note)), then, otherwise)


def take(jobs: Jobs, number: str, item: str, quantity: int, partner: str, then: Then, otherwise: Otherwise, **more: Any) -> None:
    """From another station; ``then`` gets (Transfer, Changes)."""
    jobs.run(lambda db: _kept(transfers.take(db, number, item, quantity, partner, **more)), then, otherwise)


def void(jobs: Jobs, movement_id: str, reason: str, then: Then, otherwise: Otherwise) -> None:
    """A line of the ledger does not count; ``then`` gets the Changes."""
    jobs.run(lambda db: voids.void(db, movement_id, reason), then, otherwise)


def set_photo(jobs: Jobs, item_id: str, jpeg: bytes | None, then: Then, otherwise: Otherwise) -> None:
    """The picture of an item, made ready; None takes it away; ``then`` gets the Changes."""
    jobs.run(lambda db: photos.set_photo(db, item_id, jpeg), then, otherwise)


def assemble(jobs: Jobs, kit_id: str, quantity: int, then: Then, otherwise: Otherwise, *, apart: bool = False) -> None:
    """Put kits together, or take them apart; ``then`` gets the Changes."""
    jobs.run(lambda db: (supplies.take_apart if apart else supplies.assemble)(db, kit_id, quantity), then, otherwise)


def save_rule(jobs: Jobs, rule: quotas.Rule, then: Then, otherwise: Otherwise) -> None:
    """A new rule or a new version of one; ``then`` gets (Rule, Changes)."""
    jobs.run(lambda db: _kept(quotas.save(db, rule)), then, otherwise)


def switch_rule(jobs: Jobs, rule_id: str, on: bool, then: Then) -> None:
    """On or off; ``then`` gets (Rule, Changes)."""
    jobs.run(lambda db: _kept(quotas.switch(db, rule_id, on=on)), then)


def remove_rule(jobs: Jobs, rule_id: str, then: Then) -> None:
    """Lifted for good; ``then`` gets the Changes."""
    jobs.run(lambda db: quotas.remove(db, rule_id), then)


def save_campaign(jobs: Jobs, wanted: campaigns.Campaign, then: Then, otherwise: Otherwise) -> None:
    """A campaign of this station; ``then`` gets (Campaign, Changes)."""
    jobs.run(lambda db: _kept(campaigns.save(db, wanted)), then, otherwise)


def switch_campaign(jobs: Jobs, campaign_id: str, on: bool, then: Then) -> None:
    """Ended, or going on; ``then`` gets (Campaign, Changes)."""
    jobs.run(lambda db: _kept(campaigns.switch(db, campaign_id, on=on)), then)


def tell_weather(
    jobs: Jobs, high: int | None, low: int | None, warning: WeatherLevel | None, then: Then, otherwise: Otherwise | None = None
) -> None:
    """Today's forecast and warning; ``then`` gets (Weather, Changes)."""
    jobs.run(lambda db: _kept(weather.tell(db, high=high, low=low, warning=warning)), then, otherwise)


def hand_out_all_the_same(
    jobs: Jobs, item_id: str, reason: str, then: Then, otherwise: Otherwise, *, person_id: str | None, visit_id: str | None,
    occupation: Occupation | None,
) -> None:  # fmt: skip
    """A rule is set aside with a reason; ``then`` gets (Handout, Changes)."""
    jobs.run(
        lambda db: _kept(
            supplies.hand_out(db, item_id, person_id=person_id, visit_id=visit_id, occupation=occupation, override=reason)
        ),
        then, otherwise,
    )  # fmt: skip


def _kept(outcome: tuple[Any, Changes]) -> tuple[tuple[Any, Changes], Changes]:
    """(record, Changes) as the record, with its Changes told to the pages as well."""
    return outcome, outcome[1]

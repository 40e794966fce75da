"""Every event kind, once. ``EVENTS`` is the table that codec, fold and documentation go by."""

from __future__ import annotations

from trading_bot.contract.events import access, account, lifecycle, market, observation, trading, workflow
from trading_bot.contract.events.definition import Event, Retention


def _declared(module: object) -> list[type[Event]]:
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Event) and value is not Event
    ]


SUBJECTS = (lifecycle, trading, market, account, observation, access, workflow)

EVENTS: dict[str, type[Event]] = {event.KIND: event for subject in SUBJECTS for event in _declared(subject)}
"""Kind to struct, in the order of declaration."""

__all__ = ["EVENTS", "SUBJECTS", "Event", "Retention"]

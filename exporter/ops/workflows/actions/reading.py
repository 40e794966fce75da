"""Actions that call a function of the ops API, in this process: the bodies that the endpoints serve."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from exporter.ops.representations.state import represent_state
from exporter.ops.representations.summary import represent_summary
from exporter.ops.workflows.actions.definition import Action, Doing, Outputs, Params, Repeat
from trading_bot.contract.settings import parse_settings, settings_hash
from trading_bot.domain.health import Health
from trading_bot.domain.state import State

ENTRIES: Final = 50


class Resource(StrEnum):
    """What can be read."""

    SUMMARY = "summary"
    STATE = "state"


class ReadParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The params of ``ops.read``."""

    resource: Annotated[Resource, Meta(description="which body", examples=["summary"])]


class ValidateParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The params of ``ops.validate_settings``."""

    settings: Annotated[
        dict[str, Any], Meta(description="a whole settings document", examples=[{"symbols": ["EUR/USD"]}])
    ]


REPRESENT: Final[dict[Resource, Callable[[State, Health, int], msgspec.Struct]]] = {
    Resource.SUMMARY: represent_summary,
    Resource.STATE: lambda state, health, now: represent_state(state, health, now, ENTRIES),
}


def read(doing: Doing, params: ReadParams) -> Outputs:
    """Return the body that the endpoint would serve."""
    now = doing.means.clock.now_ns()
    represent = REPRESENT[params.resource]
    body = doing.means.observer.read(lambda state, health: represent(state, health, now))
    return {"body": msgspec.to_builtins(body)}


def validate(_doing: Doing, params: ValidateParams) -> Outputs:
    """Check a settings document; changes nothing."""
    return {"hash": settings_hash(parse_settings(params.settings))}


ACTIONS: Final = (
    Action(
        name="ops.read",
        summary="Read what an endpoint of ops serves.",
        params=ReadParams,
        outputs={"body": "what it serves"},
        repeat=Repeat.FREE,
        run=read,
    ),
    Action(
        name="ops.validate_settings",
        summary="Check a settings document; applies nothing.",
        params=ValidateParams,
        outputs={"hash": "of the settings"},
        repeat=Repeat.FREE,
        run=validate,
    ),
)

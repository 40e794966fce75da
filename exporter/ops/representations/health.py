"""The judgement of the bot as it is shown."""

from __future__ import annotations

from typing import Final

import msgspec

from exporter.ops.representations.values import Moment, Unknown, moment, without_nulls
from exporter.ops.representations.words import NOTHING_RECORDED
from trading_bot.contract.events.lifecycle import ConditionName, ConditionStatus
from trading_bot.domain.health import Health
from trading_bot.domain.state import Condition, State


class ConditionView(msgspec.Struct, frozen=True, kw_only=True):
    """One condition of health; ``last_transition_time`` is null where no transition was seen."""

    name: str
    status: str
    reason: str
    message: str
    last_transition_time: Moment | None


class HealthView(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement, and what it is made of."""

    status: str
    reason: str
    up_reason: str
    conditions: list[ConditionView]
    circuit_breaker_active: bool | None
    circuit_breaker_reason: str | None
    last_heartbeat: Moment | None
    unknown: Unknown


def represent_health(state: State, health: Health) -> HealthView:
    """Return status and conditions, with what this process cannot see named so."""
    active, reason = breaker(state)
    return HealthView(
        status=health.status,
        reason=health.reason,
        up_reason=health.up_reason,
        conditions=[*(_condition(item, state) for item in health.conditions), NOT_OBSERVED],
        circuit_breaker_active=active,
        circuit_breaker_reason=reason,
        last_heartbeat=moment(health.beat_at),
        unknown=without_nulls(
            {
                "circuit_breaker_active": NOTHING_RECORDED if active is None else None,
                "last_heartbeat": "no heartbeat was ever seen" if health.beat_at is None else None,
            }
        ),
    )


def breaker(state: State) -> tuple[bool | None, str | None]:
    """Return whether a circuit breaker is open, and what each open one says."""
    if not state.seq:
        return None, None
    messages = [f"{item.breaker}: {item.message}" for item in state.breakers.values()]
    return bool(messages), "; ".join(messages) or None


NOT_OBSERVED: Final = ConditionView(
    name=ConditionName.TELEMETRY_FLOWING,
    status=ConditionStatus.UNKNOWN,
    reason="NotObservedHere",
    message="the exporter knows; this process does not see it, and it does not count in the status",
    last_transition_time=None,
)


def _condition(condition: Condition, state: State) -> ConditionView:
    return ConditionView(
        name=condition.name,
        status=condition.status,
        reason=condition.reason,
        message=condition.message,
        # A judgement of this moment, such as that nothing was reported, is no transition that was seen.
        last_transition_time=moment(condition.since) if condition.since <= state.ts else None,
    )

"""The table of the bot's own conditions: nothing is true without evidence."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from trading_bot.contract.events.lifecycle import ConditionName, ConditionStatus
from trading_bot.engine.conditions import Facts, decision_limit, judge

WELL = Facts(
    ready=True,
    open_symbols=("EUR/USD",),
    stale_symbols=(),
    decision_age=0.5,
    decision_limit=10.0,
    venue_failing_since=None,
    venue_message="no connection",
    venue_answered=True,
    journal_fault=None,
    reconciled_age=5.0,
    reconcile_limit=90.0,
    mismatches=(),
    breakers=(),
    equity_known=True,
    config_drift=None,
)
TRUE, FALSE, UNKNOWN = ConditionStatus.TRUE, ConditionStatus.FALSE, ConditionStatus.UNKNOWN

CASES: list[tuple[dict[str, Any], ConditionName, ConditionStatus, str]] = [
    ({"stale_symbols": ("EUR/USD",)}, ConditionName.FEED_FRESH, FALSE, "Stale"),
    ({"ready": False}, ConditionName.FEED_FRESH, UNKNOWN, "Starting"),
    ({"open_symbols": ()}, ConditionName.FEED_FRESH, TRUE, "MarketClosed"),
    ({"ready": False}, ConditionName.DECIDING, UNKNOWN, "Starting"),
    ({"open_symbols": ()}, ConditionName.DECIDING, TRUE, "MarketClosed"),
    ({"decision_age": None}, ConditionName.DECIDING, UNKNOWN, "NoBarYet"),
    ({"decision_age": None, "ready_age": 10.1}, ConditionName.DECIDING, FALSE, "NoBars"),
    ({"decision_age": 10.0}, ConditionName.DECIDING, TRUE, "Deciding"),
    ({"decision_age": 10.1}, ConditionName.DECIDING, FALSE, "NoBars"),
    ({"venue_failing_since": 0.1}, ConditionName.VENUE_REACHABLE, FALSE, "NotReachable"),
    ({"venue_answered": False}, ConditionName.VENUE_REACHABLE, UNKNOWN, "Starting"),
    (
        {"venue_answered": False, "venue_failing_since": 0.0},
        ConditionName.VENUE_REACHABLE,
        FALSE,
        "NotReachable",
    ),
    ({"journal_fault": "disk full"}, ConditionName.JOURNAL_WRITABLE, FALSE, "CommitFailed"),
    ({"mismatches": ("EUR: 1 and 2",)}, ConditionName.RECONCILED, FALSE, "Mismatch"),
    ({"reconciled_age": None}, ConditionName.RECONCILED, UNKNOWN, "NeverReconciled"),
    ({"reconciled_age": 90.1}, ConditionName.RECONCILED, FALSE, "Overdue"),
    ({"breakers": ("max_drawdown",)}, ConditionName.RISK_WITHIN_LIMITS, FALSE, "BreakerOpen"),
    ({"equity_known": False}, ConditionName.RISK_WITHIN_LIMITS, UNKNOWN, "EquityUnknown"),
    ({"config_drift": "it differs"}, ConditionName.CONFIG_APPLIED, FALSE, "Drift"),
]


def test_with_evidence_for_everything_every_condition_is_true():
    verdicts = judge(WELL)
    assert {status for status, _, _ in verdicts.values()} == {TRUE}
    assert set(verdicts) == set(ConditionName) - {ConditionName.TELEMETRY_FLOWING}


@pytest.mark.parametrize(("facts", "name", "status", "reason"), CASES)
def test_each_fact_moves_its_condition(
    facts: dict[str, Any], name: ConditionName, status: ConditionStatus, reason: str
):
    judged = judge(msgspec.structs.replace(WELL, **facts))
    assert judged[name][:2] == (status, reason)
    assert judged[name][2], "a condition has a message for people"


@pytest.mark.parametrize("facts", [case[0] for case in CASES if "ready" not in case[0]])
def test_a_fact_moves_only_what_it_concerns(facts: dict[str, Any]):
    before, after = judge(WELL), judge(msgspec.structs.replace(WELL, **facts))
    moved = {name for name in before if before[name][0] is not after[name][0]}
    assert len(moved) <= 1


def test_a_decision_may_be_as_old_as_three_bars_and_never_less_than_ten_seconds():
    assert decision_limit(1_000_000_000) == 10
    assert decision_limit(60_000_000_000) == 180

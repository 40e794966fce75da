"""The ops endpoint: does it answer, and who asks. Trading does not need it; commands do."""

from __future__ import annotations

from typing import Final

from alerts import foreign
from alerts.promql import increase, mean, total
from alerts.rule import Alert, Component, Panel, Severity, Time
from alerts.rules.burn import burning
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.thresholds import REFUSED_KEYS

_KNOWN: Final = f"max by (bot, instance) (last_over_time({metrics.API_START.name}[1d]))"
_GONE: Final = f"max by (instance) ({mean(foreign.SCRAPED, '1m', job=foreign.OPS_JOB)}) < 0.5"

ALERTS: Final = (
    Alert(
        name="ApiDown",
        severity=Severity.WARNING,
        component=Component.API,
        expression=f"0 * {_KNOWN} + on (instance) group_left () ({_GONE}) or ({_GONE}) unless on (instance) {_KNOWN}",
        lasting=Time("1m", "a restart takes seconds, and nothing that trades waits for it"),
        keeps=Time("1m", "single answers in between are no recovery"),
        summary="The ops endpoint does not answer",
        description="{{ $labels.instance }}, the ops endpoint of {{ $labels.bot }}, answered "
        "{{ $value | humanizePercentage }} of the scrapes of the last minute.",
        impact="No commands, workflows or summaries by HTTP. Trading, metrics, tickertape status and halt go on.",
        first_step="curl http://{{ $labels.instance }}/api/v1/health/healthz; logs/ops.jsonl says why it ended.",
        panel=Panel("machinery", 301),
        labels=("instance",),
    ),
    Alert(
        name="ApiUnderAttack",
        severity=Severity.CRITICAL,
        component=Component.API,
        expression=f"{total(increase(metrics.API_REFUSALS, '5m', code='AUTH_001'))} > {REFUSED_KEYS}",
        lasting=Time("0s", "five minutes are counted already"),
        keeps=Time("10m", "who guesses makes pauses"),
        summary="Somebody guesses keys of the ops endpoint",
        description='{{ $labels.bot }} refused {{ $value | printf "%.0f" }} requests without a valid key in the last '
        "5 minutes.",
        impact="Who finds a key can command the bot. Keys have 256 bits, so guessing fails; a leaked key does not.",
        first_step="grep AUTH_001 logs/ops.jsonl: its addresses say whether it is a script of yours, or a stranger.",
        panel=Panel("operations", 302),
        workflow="rotate-api-key",
    ),
    *burning(
        name="ApiBudgetBurning",
        component=Component.API,
        level="api",
        what="of the requests failed on our side",
        impact="Agents, workflows and alerts that ask or command by HTTP do not get through.",
        first_step="Which codes? Errors of the ops endpoint (board Errors), then logs/ops.jsonl with the request id.",
        panel=Panel("operations", 304),
    ),
)

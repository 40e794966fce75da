"""The table of faults in the docs says what there is, in names that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alerts.rules import ALERTS
from trading_bot.contract.errors import ERRORS
from trading_bot.contract.events.lifecycle import ConditionName
from trading_bot.contract.telemetry import metrics
from trading_bot.exchange.faults import KINDS

PAGE = (Path(__file__).parents[3] / "docs/faults.md").read_text()
ROWS = {line.split("`")[1]: line for line in PAGE.splitlines() if line.startswith("| `")}
NAMES = re.compile(r"`([A-Za-z_0-9]+)`")
ALERT = re.compile(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b")
CODE = re.compile(r"[A-Z]+_[0-9]{3}")


def test_every_fault_has_a_row_and_every_row_a_fault():
    assert set(ROWS) == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_a_row_says_what_the_exchange_says_and_names_what_exists(name):
    assert KINDS[name].meaning in ROWS[name]
    _, _, _, _, condition, measured, code, paged, _ = ROWS[name].split("|")
    assert set(NAMES.findall(condition)) <= set(ConditionName)
    assert set(NAMES.findall(measured)) <= set(metrics.METRICS)
    assert set(CODE.findall(code)) <= set(ERRORS)
    named = set(ALERT.findall(paged))
    assert named <= {alert.name for alert in ALERTS}
    assert named or paged.strip() == "none"

"""Somebody is paged: real faults, a real Prometheus and Alertmanager, and what arrives (``make drills``: all)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.drills import DRILLS, run
from support.rules import identities

from trading_bot.exchange.faults import KINDS

SHORT = ("kill_bot",)
PAGE = (Path(__file__).parents[3] / "docs/faults.md").read_text()
ROWS = {line.split("`")[1]: line for line in PAGE.splitlines() if line.startswith("| `")}

ALONE = [pytest.mark.serial] if os.environ.get("TICKERTAPE_LONG") else []
"""All drills are judged by when somebody is paged: nothing else may run then."""

pytestmark = [pytest.mark.timeout(3600), *ALONE]


@pytest.mark.usefixtures("prometheus", "alertmanager")
def test_a_fault_pages_whom_it_should_and_nobody_else_and_is_resolved_when_it_is_over(
    tmp_path: Path, count: Callable[[str, int, str], None], long_run: bool
):
    rows = run(list(DRILLS) if long_run else list(SHORT), tmp_path)
    assert [(row.name, row.failure, row.others) for row in rows if row.failure or row.others] == []
    late = sum(bool(row.late) for row in rows)
    count("drills", len(rows), f"each paged as declared and resolved, nobody else; later than due: {late}")


def test_every_fault_has_its_drill_and_every_drill_pages_by_an_alert_that_exists():
    assert set(KINDS) <= set(DRILLS)
    known = {name for name, _ in identities()}
    for drill in DRILLS.values():
        assert {*drill.pages, *drill.may} <= known


def test_the_page_about_faults_says_who_is_paged():
    for name in KINDS:
        told = ROWS[name].rstrip("|").split("|")[-1]
        for alert in DRILLS[name].pages:
            assert alert in told, name

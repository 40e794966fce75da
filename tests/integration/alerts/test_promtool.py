"""promtool runs every rule: quiet, firing, resolved, and with its numbers ending while it fires."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from support.documents import read_yaml
from support.rules import ALERTS, identities, records

from alerts.rules import ALERTS as DECLARED

FILES = sorted((ALERTS / "tests").glob("*.yml"))
LONG = {"bot_burn_120s", "feed_burn_120s", "api_burn_120s"}


@cache
def groups() -> list[dict[str, Any]]:
    return [group for path in FILES for group in read_yaml(path)["tests"]]


def run(*command: str | Path) -> str:
    fewer_collections = {**os.environ, "GOGC": "400"}  # a third of the processor time for 80 MB
    answer = subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=False, env=fewer_collections
    )
    return "" if answer.returncode == 0 else answer.stdout + answer.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_promtools_tests_pass(path: Path, promtool: Path, long_run: bool):
    if path.stem in LONG and not long_run:
        pytest.skip(
            "eight hours of burning budgets take processor time: make test-long; one of four is shown here"
        )
    assert run(promtool, "test", "rules", path) == ""


def test_promtool_finds_nothing_to_say_about_the_rules(promtool: Path):
    assert (
        run(promtool, "check", "rules", "--lint=all", "--lint-fatal", *(ALERTS / "generated").glob("*.yml"))
        == ""
    )


def checks() -> list[tuple[str, int, list[dict[str, Any]]]]:
    """Return alert, moment and the pages expected then, of every check."""
    return [
        (check["alertname"], int(check["eval_time"].removesuffix("s")), check["exp_alerts"])
        for group in groups()
        for check in group.get("alert_rule_test", ())
    ]


def test_every_alert_is_shown_quiet_firing_and_resolved_and_every_record_answers(
    count: Callable[[str, int, str], None],
):
    told = {(name, page["exp_labels"]["severity"]) for name, _, pages in checks() for page in pages}
    assert told == identities()
    for name in {name for name, severity in identities() if severity != "none"}:
        moments = sorted((at, bool(pages)) for each, at, pages in checks() if each == name)
        fires = [at for at, fired in moments if fired]
        assert any(at < min(fires) for at, fired in moments if not fired), name
        assert any(at > max(fires) for at, fired in moments if not fired), name
    answered = {
        check["expr"]
        for group in groups()
        for check in group.get("promql_expr_test", ())
        if check["expr"] in records()
    }
    assert answered == records()
    runbooks = {path.stem for path in (ALERTS / "runbooks").glob("*.md")}
    assert runbooks == {name for name, _ in identities()}
    everything = len(identities())
    count("alerts", everything, f"alerts {len(told)} of {everything}")
    count("recording rules", len(records()), f"recording rules {len(answered)} of {len(records())}")
    count("runbooks", len(runbooks), f"runbooks {len(runbooks)} of {len({name for name, _ in identities()})}")


def test_pages_are_expected_with_all_that_they_say():
    for _, _, pages in checks():
        for page in pages:
            assert set(page["exp_annotations"]) >= {
                "summary",
                "description",
                "impact",
                "first_step",
                "runbook_url",
                "dashboard_url",
            }
            assert page["exp_annotations"]["description"]


def test_what_is_about_money_or_orders_is_shown_to_fire_on_without_the_bot_and_without_scrapes():
    names = {group["name"] for group in groups()}
    for alert in DECLARED:
        if alert.is_held:
            assert f"{alert.name} still fires after the bot has died" in names
            assert f"{alert.name} still fires after the scrapes have failed" in names

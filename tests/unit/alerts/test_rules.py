"""What every rule keeps to; and that the committed files are what the code writes."""

from __future__ import annotations

import re

import promql_parser as promql
import pytest
from support.boards import boards
from support.promql import metric_of, walk
from support.rules import ALERTS, carries, complaints, identities, records, rules

from alerts.__main__ import delivery_files
from alerts.build import files, scaled_expression
from alerts.delivery import INHIBITIONS
from alerts.examination import tests as promtool_files
from alerts.rule import Severity
from alerts.rules import ALERTS as DECLARED
from alerts.rules.errors import CRITICAL, OF_OTHERS
from trading_bot.contract.errors import ERRORS
from trading_bot.contract.telemetry.definition import MetricType
from trading_bot.contract.telemetry.recordings import RECORDINGS

each_rule = pytest.mark.parametrize(
    "rule",
    rules(),
    ids=lambda rule: "-".join([rule.get("alert") or rule["record"], *rule.get("labels", {}).values()]),
)
each_alert = pytest.mark.parametrize("alert", DECLARED, ids=lambda alert: "-".join(alert.identity))
YES_OR_NO = {"SettingsPending", "MetricsPageIncomplete"}
"""They have no value to tell."""


def test_writing_again_changes_nothing():
    written = {path.name: path.read_text() for path in (ALERTS / "generated").glob("*.yml")}
    assert written == files(), "make alerts, and read the difference"
    examined = {path.name: path.read_text() for path in (ALERTS / "tests").glob("*.yml")}
    assert examined == promtool_files(), "make alerts, and read the difference"
    for path, text in delivery_files().items():
        assert path.read_text() == text, "make alerts, and read the difference"


@each_rule
def test_names_labels_and_values_exist_and_both_sides_of_an_operator_can_join(rule):
    assert complaints(rule["expr"]) == []


@each_rule
def test_a_record_carries_the_labels_that_the_catalogue_says(rule):
    if "record" in rule:
        declared = {"bot", *(label.name for label in RECORDINGS[rule["record"]].labels)}
        assert carries(promql.parse(rule["expr"])) | set(rule.get("labels", {})) == declared


def test_every_record_of_the_catalogue_is_a_rule_and_none_is_another():
    assert records() == set(RECORDINGS)


@pytest.mark.parametrize("record", RECORDINGS.values(), ids=RECORDINGS)
def test_a_record_says_what_it_means_in_which_unit(record):
    assert re.fullmatch(r"bot:[a-z][a-z0-9_]*:[a-z][a-z0-9_]*", record.name)
    assert record.meaning.endswith(".")
    assert record.unit
    assert record.meaning.endswith("Held.") == record.is_held


@each_alert
def test_an_alert_reads_no_gauge_bare_so_that_a_failed_scrape_does_not_restart_it(alert):
    for node, parents in walk(promql.parse(alert.expression), ()):
        if isinstance(node, promql.VectorSelector) and node.name not in RECORDINGS:
            assert any(isinstance(parent, promql.MatrixSelector) for parent in parents), node.name


@each_alert
def test_an_alert_rates_counters_and_no_gauge(alert):
    for node, parents in walk(promql.parse(alert.expression), ()):
        metric = metric_of(node.name) if isinstance(node, promql.VectorSelector) else None
        rated = any(
            isinstance(parent, promql.Call) and parent.func.name in {"rate", "increase"} for parent in parents
        )
        if metric is not None:
            assert (metric.type is not MetricType.GAUGE) == rated, metric.name


@each_alert
def test_what_is_about_money_or_orders_reads_held_records_alone(alert):
    if alert.is_held:
        names = {
            node.name
            for node, _ in walk(promql.parse(alert.expression), ())
            if isinstance(node, promql.VectorSelector)
        }
        holds = {name for name in names if RECORDINGS.get(name) and ("held" in name or ":slo_" in name)}
        assert names - holds <= {"tradingbot_control_errors_total"}
    if alert.component in {"orders", "risk", "reconciliation"}:
        assert alert.is_held


@each_alert
def test_a_page_says_what_happened_what_it_costs_and_what_to_do_first(alert):
    assert "{{" not in alert.summary
    assert not alert.summary.endswith(".")
    has_value = "$value" in alert.description or "| query }}" in alert.description
    assert has_value or alert.name in YES_OR_NO
    assert len(alert.impact) > 20
    assert len(alert.first_step) > 20
    assert alert.lasting.reason
    assert alert.keeps.reason
    for label in ("bot", *alert.labels) if alert.of_bot else alert.labels:
        used = alert.description + alert.impact + alert.first_step
        assert f"$labels.{label}" in used or label == "slo"


@each_alert
def test_the_series_of_an_alert_carry_the_labels_that_it_names(alert):
    carried = carries(promql.parse(alert.expression)) or set()
    assert carried - {"slo"} == {*(("bot",) if alert.of_bot else ()), *alert.labels} - {"slo"}


@each_alert
def test_links_lead_to_a_panel_that_exists_and_to_a_runbook(alert):
    board = next(each for each in boards() if each["uid"] == f"tickertape-{alert.panel.board}")
    assert alert.panel.identity in {panel["id"] for panel in board["panels"]}
    assert (ALERTS / "runbooks" / f"{alert.name}.md").exists()


def test_workflows_that_are_named_exist():
    folder = ALERTS.parent / "workflows"
    assert {alert.workflow for alert in DECLARED if alert.workflow} <= {
        path.stem for path in folder.glob("*.yaml")
    }


def test_every_critical_error_is_told_by_an_alert_of_its_own_or_by_the_general_one():
    critical = {code for code, row in ERRORS.items() if row.severity == "critical"}
    assert critical == {*CRITICAL, *OF_OTHERS}
    assert set(OF_OTHERS.values()) <= {alert.name for alert in DECLARED}


def test_an_alert_is_known_by_name_and_severity():
    assert len(DECLARED) == len({alert.identity for alert in DECLARED}) == len(identities())
    assert {alert.severity for alert in DECLARED} == set(Severity)


def test_inhibitions_name_alerts_that_exist_and_labels_that_both_have():
    known = {alert.name: {"bot", *alert.labels} for alert in DECLARED if alert.of_bot}
    for rule in INHIBITIONS:
        for name in (*rule.causes, *rule.effects):
            assert set(rule.equal) <= known[name], name


def test_no_alert_about_what_is_held_at_the_venue_is_silenced_by_the_death_of_the_bot():
    silenced = {effect for rule in INHIBITIONS if "BotDown" in rule.causes for effect in rule.effects}
    assert silenced.isdisjoint(
        {"OrderUnknown", "PositionMismatch", "ProtectiveOrderMissing", "DailyLossLimit", "KillSwitchEngaged"}
    )


def test_one_symbol_does_not_hide_that_the_whole_bot_is_not_running():
    silencing = {cause for rule in INHIBITIONS if "BotNotRunning" in rule.effects for cause in rule.causes}
    assert silencing.isdisjoint(alert.name for alert in DECLARED if "symbol" in alert.labels)


def test_scaled_rules_have_shorter_windows_and_the_same_ages():
    assert scaled_expression("avg_over_time(x[1h]) > 180 and rate(y[5m] offset 2h) > 3", 60) == (
        "avg_over_time(x[60s]) > 180 and rate(y[10s] offset 120s) > 3"
    )
    scaled = files(scale=60)
    assert "for: 30s" not in scaled["orders.yml"]
    assert all(promql.parse(rule["expr"]) for rule in rules())

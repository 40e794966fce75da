"""What Grafana's dashboard-linter asks, and what this project asks beyond it; docs/grafana.md has the list."""

from __future__ import annotations

import itertools
import re

import pytest
from support.boards import boards, links, panels, queries, targets

from trading_bot.contract.telemetry import thresholds

each_board = pytest.mark.parametrize("board", boards(), ids=lambda board: board["uid"])
MOST_QUERIES = 30
OPS = "${ops:raw}"
FIXED_UIDS = {"datasource": "prometheus", "loki": "loki"}


def variables(board):
    return {variable["name"]: variable for variable in board["templating"]["list"]}


@each_board
def test_a_board_is_changed_in_code_only(board):
    assert board["editable"] is False
    assert board["schemaVersion"] == 42
    assert board["uid"] == "tickertape-" + board["uid"].removeprefix("tickertape-")
    assert board["tags"] == ["tickertape"]
    assert board["description"]


@each_board
def test_data_sources_are_variables_with_the_fixed_uids(board):
    for name, kind in FIXED_UIDS.items():
        if name in variables(board):
            assert variables(board)[name]["type"] == "datasource"
            assert variables(board)[name]["current"]["value"] == kind
    used = {panel["datasource"]["uid"] for panel in panels(board)}
    used |= {target["datasource"]["uid"] for panel in panels(board) for target in targets(panel)}
    assert used <= {f"${{{name}}}" for name in variables(board)}
    assert variables(board)["datasource"]["label"] == "Data source"


@each_board
def test_bots_and_symbols_are_chosen_anew_when_the_time_changes_and_all_means_all(board):
    chosen = [variables(board)[name] for name in ("bot", "symbol")]
    for variable in chosen:
        assert variable["refresh"] == 2
        assert variable["multi"]
        assert variable["includeAll"]
        assert variable["allValue"] == ".+"
        assert variable["label"]
        assert variable["query"]["query"].startswith("label_values(")


@each_board
def test_panels_have_a_title_a_description_a_unit_and_something_to_show(board):
    for panel in panels(board):
        place = f"{board['uid']} {panel['id']} {panel['title']}"
        assert panel["title"], place
        assert len(panel["description"]) > 20, place
        assert targets(panel), place
        if panel["type"] != "logs":
            assert "noValue" in panel["fieldConfig"]["defaults"], place
        if panel["type"] == "timeseries":
            defaults = panel["fieldConfig"]["defaults"]
            assert "unit" in defaults or "decimals" in defaults or "axisSoftMax" in defaults["custom"], place


@each_board
def test_panel_ids_are_unique_and_follow_their_row(board):
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    row = 0
    for panel in board["panels"]:
        row = panel["id"] if panel["type"] == "row" else row
        assert row <= panel["id"] < row + 100


@each_board
def test_panels_fill_the_grid_without_overlap(board):
    cells = [
        (x, y)
        for panel in board["panels"]
        for x, y in itertools.product(
            range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"]),
            range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"]),
        )
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23


@each_board
def test_every_selector_chooses_the_bots_and_every_rate_takes_grafanas_interval(board):
    for asked in queries(board):
        name = r"(?:tradingbot_\w+|\bbot:\w+:\w+)"
        selectors = re.findall(rf"{name}\{{[^}}]*\}}|{name}", asked.expression)
        assert all('bot=~"$bot"' in selector for selector in selectors), asked
        about_alerts = re.findall(r"ALERTS\w*\{[^}]*\}|ALERTS\w*", asked.expression)
        assert all('bot=~"$bot|"' in selector for selector in about_alerts), asked
        windows = set(re.findall(r"\[([^\]]+)\]", asked.expression))
        assert windows <= {"$__rate_interval", "$__range"}, asked


@each_board
def test_lines_and_areas_are_not_cut_where_they_are_zero(board):
    """What is gone instead of zero is drawn as it was until it comes again; only bars end by themselves."""
    for panel in panels(board):
        drawn = panel.get("fieldConfig", {}).get("defaults", {}).get("custom", {}).get("drawStyle", "line")
        if panel["type"] == "timeseries" and drawn != "bars":
            for target in targets(panel):
                kept = target["expr"].partition(" and ")[0]
                assert not kept.endswith(" > 0"), f"{panel['title']}: {target['expr']}"


@each_board
def test_a_board_asks_at_most_thirty_queries(board):
    chosen = [variable for variable in variables(board).values() if variable["type"] == "query"]
    shown = [target for panel in panels(board) for target in targets(panel)]
    marks = [mark for mark in board["annotations"]["list"] if "expr" in mark]
    assert len(chosen) + len(shown) + len(marks) <= MOST_QUERIES


@each_board
def test_links_lead_to_boards_that_exist_and_take_choices_and_time_along(board):
    uids = {other["uid"] for other in boards()}
    for url in links(board):
        if url.startswith(OPS):
            continue
        assert re.match(r"/d/([\w-]+)\?", url)[1] in uids
        assert "${bot:queryparam}&${symbol:queryparam}&${__url_time_range}" in url
    others = [link for link in board["links"] if link["type"] == "dashboards"]
    assert [(link["tags"], link["includeVars"], link["keepTime"]) for link in others] == [
        (["tickertape"], True, True)
    ]


@each_board
def test_links_into_a_board_show_a_panel_that_it_has(board):
    shown = {(other["uid"], panel["id"]) for other in boards() for panel in panels(other)}
    for url in links(board):
        if aimed := re.match(r"/d/([\w-]+)\?.*viewPanel=panel-(\d+)", url):
            assert (aimed[1], int(aimed[2])) in shown


@each_board
def test_a_board_that_leads_to_the_ops_endpoint_lets_its_address_be_chosen(board):
    asked = [url for url in links(board) if url.startswith(OPS)]
    assert ("ops" in variables(board)) == bool(asked)
    if asked:
        assert variables(board)["ops"]["query"] == "http://127.0.0.1:8000"


@each_board
def test_marks_show_trades_modes_restarts_settings_and_alerts(board):
    marks = {mark["name"]: mark for mark in board["annotations"]["list"]}
    assert {"Trades", "Mode changes", "Restarts", "Settings changes", "Firing alerts"} <= set(marks)
    assert marks["Firing alerts"]["enable"]


def test_a_firing_alert_leads_to_its_runbook_and_to_the_workflows():
    overview = next(board for board in boards() if board["uid"] == "tickertape-overview")
    to_ops = {url.removeprefix(OPS) for url in links(overview) if url.startswith(OPS)}
    assert {"/api/v1/runbooks/${__value.raw}", "/api/v1/workflows"} <= to_ops


def test_colours_change_where_alerts_do():
    """One number each, out of the thresholds of the alerts."""
    for board, identity, limit in (
        ("market-data", 105, thresholds.STALE_QUOTE),
        ("risk", 302, thresholds.RECONCILED),
        ("execution", 102, thresholds.REJECTED),
        ("execution", 305, thresholds.RATE_LIMIT),
        ("machinery", 211, thresholds.DISK_LEFT),
        ("machinery", 212, thresholds.DISK_FREE),
        ("levels", 201, thresholds.FAST_BURN),
        ("operations", 203, thresholds.WORKFLOW_AGE),
    ):
        (shown,) = (each for each in boards() if each["uid"] == f"tickertape-{board}")
        (panel,) = (each for each in panels(shown) if each["id"] == identity)
        steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        assert limit in {step["value"] for step in steps}, panel["title"]


def test_latencies_carry_exemplars_and_nothing_else_does():
    for board in boards():
        for panel in panels(board):
            for target in targets(panel):
                if target.get("exemplar"):
                    assert "_bucket" in target["expr"]
    execution = next(board for board in boards() if board["uid"] == "tickertape-execution")
    assert sum(bool(target.get("exemplar")) for panel in panels(execution) for target in targets(panel)) >= 4

"""What Grafana's dashboard-linter asks, and what this project asks beyond it; docs/grafana.md has the list."""

from __future__ import annotations

import itertools
import re

import pytest
from support.boards import boards, panels, queries, targets

each_board = pytest.mark.parametrize("board", boards(), ids=lambda board: board["uid"])
MOST_QUERIES = 30
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
        selectors = re.findall(r"tradingbot_\w+\{[^}]*\}|tradingbot_\w+", asked.expression)
        assert all('bot=~"$bot"' in selector for selector in selectors), asked
        windows = set(re.findall(r"\[([^\]]+)\]", asked.expression))
        assert windows <= {"$__rate_interval", "$__range"}, asked


@each_board
def test_a_board_asks_at_most_thirty_queries(board):
    chosen = [variable for variable in variables(board).values() if variable["type"] == "query"]
    shown = [target for panel in panels(board) for target in targets(panel)]
    marks = [mark for mark in board["annotations"]["list"] if "expr" in mark]
    assert len(chosen) + len(shown) + len(marks) <= MOST_QUERIES


@each_board
def test_links_lead_to_boards_that_exist_and_take_choices_and_time_along(board):
    uids = {other["uid"] for other in boards()}
    links = [
        link["url"]
        for panel in panels(board)
        for link in panel.get("fieldConfig", {}).get("defaults", {}).get("links", [])
    ]
    for url in links:
        assert re.match(r"/d/([\w-]+)\?", url)[1] in uids
        assert "${bot:queryparam}&${symbol:queryparam}&${__url_time_range}" in url
    others = [link for link in board["links"] if link["type"] == "dashboards"]
    assert [(link["tags"], link["includeVars"], link["keepTime"]) for link in others] == [
        (["tickertape"], True, True)
    ]


@each_board
def test_marks_show_trades_modes_restarts_and_settings(board):
    names = {mark["name"] for mark in board["annotations"]["list"]}
    assert {"Trades", "Mode changes", "Restarts", "Settings changes"} <= names


def test_latencies_carry_exemplars_and_nothing_else_does():
    for board in boards():
        for panel in panels(board):
            for target in targets(panel):
                if target.get("exemplar"):
                    assert "_bucket" in target["expr"]
    execution = next(board for board in boards() if board["uid"] == "tickertape-execution")
    assert sum(bool(target.get("exemplar")) for panel in panels(execution) for target in targets(panel)) >= 4

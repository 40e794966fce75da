"""The generated boards, their queries, and the values that Grafana would put in for variables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

GENERATED = Path(__file__).parents[2] / "dashboards" / "generated"
VALUES = {
    "$__rate_interval": "30s",
    "$__range": "5m",
    '"$bot"': '".+"',
    '"$bot|"': '".+|"',
    '"$symbol"': '".+"',
}


class Asked(msgspec.Struct, frozen=True):
    """One expression and where it stands."""

    board: str
    place: str
    expression: str

    @property
    def name(self) -> str:
        return f"{self.board} {self.place}"


@cache
def boards() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(path.read_text()) for path in sorted(GENERATED.glob("*.json")))


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def targets(panel: dict[str, Any]) -> list[dict[str, Any]]:
    return list(panel["targets"])


def links(board: dict[str, Any]) -> list[str]:
    """Return the addresses of data links, of panels and of single columns."""
    found: list[dict[str, str]] = []
    for panel in panels(board):
        fields = panel.get("fieldConfig", {})
        found += fields.get("defaults", {}).get("links", [])
        for override in fields.get("overrides", []):
            found += [
                link for each in override["properties"] if each["id"] == "links" for link in each["value"]
            ]
    return [link["url"] for link in found]


def queries(board: dict[str, Any]) -> Iterator[Asked]:
    """Yield every Prometheus expression of panels, marks and variables."""
    uid = board["uid"]
    for panel in panels(board):
        for target in targets(panel):
            if target["datasource"]["type"] == "prometheus":
                yield Asked(uid, f"{panel['id']}{target['refId']} {panel['title']}", target["expr"])
    for mark in board["annotations"]["list"]:
        if "expr" in mark:
            yield Asked(uid, f"mark {mark['name']}", mark["expr"])


def every_query() -> list[Asked]:
    return [asked for board in boards() for asked in queries(board)]


def filled_in(expression: str) -> str:
    """Return the expression as Prometheus would get it."""
    for name, value in VALUES.items():
        expression = expression.replace(name, value)
    return expression

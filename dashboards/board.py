"""A board: rows of panels, laid out from left to right, with the frame that all boards share."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from dashboards import look
from dashboards.panels import AnyPanel
from dashboards.queries import health, marks
from dashboards.queries.query import Query

TAG: Final = "tickertape"
PREFIX: Final = "tickertape-"
COLUMNS: Final = 24
SCHEMA: Final = 42
PUBLIC_URL: Final = "http://127.0.0.1:8000"
"""The default of BOT_PUBLIC_URL."""
CARRIED: Final = "${bot:queryparam}&${symbol:queryparam}&${__url_time_range}"
"""What a link takes along: the chosen bots and symbols, and the time range."""


class Row(msgspec.Struct, frozen=True):
    """A heading and the panels below it."""

    identity: int
    title: str
    panels: tuple[AnyPanel, ...]


class Mark(msgspec.Struct, frozen=True):
    """What happened, drawn over every graph. ``timed``: the value is the time in milliseconds."""

    name: str
    query: Query
    colour: str
    timed: bool = False


MARKS: Final = (
    Mark("Trades", marks.TRADES, look.NEUTRAL),
    Mark("Mode changes", marks.MODES, look.WARNING),
    Mark("Restarts", marks.RESTARTS, look.BAD, timed=True),
    Mark("Settings changes", marks.SETTINGS, look.UNKNOWN, timed=True),
    Mark("Firing alerts", marks.ALERTS, look.BAD),
)


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """One board. ``marks`` are the names of the marks that are drawn from the start; the others can be switched on."""

    name: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[build.QueryVariable | build.TextBoxVariable | build.DatasourceVariable, ...] = ()
    marks: tuple[str, ...] = ("Mode changes", "Restarts", "Settings changes", "Firing alerts")

    @property
    def uid(self) -> str:
        """The name in addresses; never changes."""
        return PREFIX + self.name


def address(board: str, panel: int | None = None) -> str:
    """Return the address of a board, or of one panel, which takes the choices of the present one along."""
    view = f"&viewPanel=panel-{panel}" if panel else ""
    return f"/d/{PREFIX}{board}?{CARRIED}{view}"


def render(board: Board) -> str:
    """Return the board as Grafana's classic JSON."""
    built = (
        build.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags([TAG])
        .timezone("browser")
        .time("now-30m", "now")
        .refresh("10s")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .readonly()
        .variables([*_variables(), *board.variables])
        .annotations([_annotation(mark, enabled=mark.name in board.marks) for mark in MARKS])
        .build()
    )
    built.schema_version = SCHEMA
    built.links = [_boards_link()]
    built.panels = _placed(board.rows)
    plain: dict[str, Any] = json.loads(json.dumps(built, cls=JSONEncoder))
    _tidy(plain["panels"])
    return json.dumps(plain, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _tidy(panels: list[dict[str, Any]]) -> None:
    """Leave of a data link what it is: the SDK takes it for a link of the board, with that one's defaults."""
    for panel in panels:
        defaults = panel.get("fieldConfig", {}).get("defaults", {})
        if "links" in defaults:
            defaults["links"] = [{"title": link["title"], "url": link["url"]} for link in defaults["links"]]


def _placed(rows: tuple[Row, ...]) -> list[model.Panel | model.RowPanel]:
    placed: list[model.Panel | model.RowPanel] = []
    top = 0
    for row in rows:
        heading = build.Row(row.title).id(row.identity).grid_pos(model.GridPos(x=0, y=top, w=COLUMNS, h=1))
        placed.append(heading.build())
        panels, top = _flow([panel.build() for panel in row.panels], top + 1)
        placed.extend(panels)
    return placed


def _flow(panels: list[model.Panel], top: int) -> tuple[list[model.Panel], int]:
    """Place panels from left to right, in lines as high as their highest panel."""
    left, height = 0, 0
    for panel in panels:
        assert panel.grid_pos is not None, panel.title
        if left + panel.grid_pos.w > COLUMNS:
            left, top, height = 0, top + height, 0
        panel.grid_pos.x, panel.grid_pos.y = left, top
        left, height = left + panel.grid_pos.w, max(height, panel.grid_pos.h)
    return panels, top + height


def _variables() -> list[build.DatasourceVariable | build.QueryVariable]:
    return [
        data_source("datasource", "Data source", "prometheus"),
        choice("bot", "Bot", health.BOTS, "Which bots; a bot is one home folder."),
        choice("symbol", "Symbol", health.SYMBOLS, "Which symbols, where a panel tells them apart."),
    ]


def data_source(name: str, label: str, kind: str) -> build.DatasourceVariable:
    """Return the choice of a data source; its default is the one with the fixed uid."""
    return (
        build.DatasourceVariable(name)
        .label(label)
        .type(kind)
        .current(model.VariableOption(selected=True, text=kind.capitalize(), value=kind))
    )


def choice(name: str, label: str, query: str, description: str) -> build.QueryVariable:
    """Return a choice of several values that a query names, all of them at first."""
    return (
        build.QueryVariable(name)
        .label(label)
        .description(description)
        .datasource(look.PROMETHEUS)
        .query({"query": query, "refId": f"variable-{name}"})
        .definition(query)
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value(".+")
        .current(model.VariableOption(selected=True, text=["All"], value=["$__all"]))
    )


def ops_endpoint() -> build.TextBoxVariable:
    """Return where links to runbooks, errors and workflows lead; `python -m dashboards --public-url` changes it."""
    return (
        build.TextBoxVariable("ops")
        .label("Ops endpoint")
        .description("Where links to runbooks, errors and workflows lead: BOT_PUBLIC_URL.")
        .default_value(PUBLIC_URL)
        .current(model.VariableOption(selected=True, text=PUBLIC_URL, value=PUBLIC_URL))
    )


def in_ops(path: str) -> str:
    """Return the address of something that the ops endpoint tells."""
    return f"${{ops:raw}}/api/v1/{path}"


def _annotation(mark: Mark, *, enabled: bool) -> build.AnnotationQuery:
    query = (
        prometheus.Dataquery()
        .ref_id(mark.name)
        .expr(mark.query.expression)
        .range()
        .legend_format(mark.query.legend)
        .datasource(look.PROMETHEUS)
    )
    return (
        build.AnnotationQuery()
        .name(mark.name)
        .datasource(look.PROMETHEUS)
        .enable(enable=enabled)
        .icon_color(mark.colour)
        .expr(mark.query.expression)
        .title_format(mark.query.legend)
        .use_value_for_time(use_value_for_time=mark.timed)
        .target(query)
    )


def _boards_link() -> model.DashboardLink:
    link = model.DashboardLink(
        title="Boards",
        type_val=model.DashboardLinkType.DASHBOARDS,
        icon="external link",
        tooltip="The other boards, with the same bots, symbols and times",
        tags=[TAG],
        include_vars=True,
        keep_time=True,
    )
    link.placement = ""  # the SDK's default hides links in a menu
    return link

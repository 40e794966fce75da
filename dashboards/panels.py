"""The kinds of panels, each with the project's defaults. A board chains what is its own."""

from __future__ import annotations

from typing import Final, TypeVar

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    heatmap,
    logs,
    loki,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import heatmap as heat_options
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards import look
from dashboards.queries.query import Query

REFERENCES: Final = "ABCDEFGHIJ"
LOG_LINES: Final = 200

AnyPanel = (
    stat.Panel
    | timeseries.Panel
    | bargauge.Panel
    | heatmap.Panel
    | statetimeline.Panel
    | table.Panel
    | logs.Panel
)
Kind = TypeVar(
    "Kind",
    stat.Panel,
    timeseries.Panel,
    bargauge.Panel,
    heatmap.Panel,
    statetimeline.Panel,
    table.Panel,
)


def number(identity: int, title: str, query: Query, description: str) -> stat.Panel:
    """Return one big number of now, coloured by its thresholds."""
    panel = (
        stat.Panel()
        .graph_mode(options.BigValueGraphMode.NONE)
        .color_mode(options.BigValueColorMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(look.thresholds(look.PLAIN))
        .with_target(_now(query, REFERENCES[0]))
    )
    return _framed(panel, identity, title, description).span(4).height(4)


def named_states(identity: int, title: str, query: Query, description: str) -> stat.Panel:
    """Return each series by name with its state in words, one below the other: six of them can still be read.

    Not the name alone: where there is no series, that shows nothing at all instead of the words for it.
    """
    return (
        number(identity, title, query, description)
        .text_mode(options.BigValueTextMode.VALUE_AND_NAME)
        .display_name(named(query))
        .orientation(options.VizOrientation.HORIZONTAL)
        .text(common.VizTextDisplayOptions().title_size(14).value_size(14))
    )


def lines(identity: int, title: str, queries: tuple[Query, ...], description: str) -> timeseries.Panel:
    """Return lines over time, with a legend."""
    panel = (
        timeseries.Panel()
        .line_width(2)
        .fill_opacity(8)
        .show_points(options.VisibilityMode.NEVER)
        .line_interpolation(options.LineInterpolation.LINEAR)
        .color_scheme(look.colour_by(model.FieldColorModeId.PALETTE_CLASSIC))
        .thresholds(look.thresholds(((None, look.QUIET),)))
        .legend(_legend())
        .tooltip(
            common.VizTooltipOptions()
            .mode(options.TooltipDisplayMode.MULTI)
            .sort(options.SortOrder.DESCENDING)
        )
    )
    for reference, query in zip(REFERENCES, queries, strict=False):
        panel.with_target(_over_time(query, reference))
    return _framed(panel, identity, title, description).span(12).height(8)


def bars(identity: int, title: str, queries: tuple[Query, ...], description: str) -> timeseries.Panel:
    """Return stacked bars over time, for what is counted."""
    return (
        lines(identity, title, queries, description)
        .draw_style(options.GraphDrawStyle.BARS)
        .fill_opacity(70)
        .line_width(0)
        .stacking(stacked())
        .interval(look.SPARSE)
        .axis_soft_min(0)
    )


def steps(identity: int, title: str, queries: tuple[Query, ...], description: str) -> timeseries.Panel:
    """Return stacked areas that step, for how many are in a state; what was so for seconds is seen too."""
    return (
        lines(identity, title, queries, description)
        .line_interpolation(options.LineInterpolation.STEP_AFTER)
        .fill_opacity(70)
        .line_width(1)
        .stacking(stacked())
        .interval(look.SCRAPE)
        .axis_soft_min(0)
    )


def gauges(identity: int, title: str, query: Query, description: str) -> bargauge.Panel:
    """Return one horizontal bar a series, filled as far as it goes."""
    panel = (
        bargauge.Panel()
        .orientation(options.VizOrientation.HORIZONTAL)
        .display_mode(options.BarGaugeDisplayMode.BASIC)
        .value_mode(options.BarGaugeValueMode.COLOR)
        .show_unfilled(show_unfilled=True)
        .name_placement(options.BarGaugeNamePlacement.LEFT)
        .sizing(options.BarGaugeSizing.MANUAL)
        .min_viz_height(16)
        .max_viz_height(28)
        .text(common.VizTextDisplayOptions().title_size(12).value_size(14))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(look.thresholds(look.PLAIN))
        .min(0)
        .display_name(named(query))
        .with_target(_now(query, REFERENCES[0]))
    )
    return _framed(panel, identity, title, description).span(8).height(8)


def heat(identity: int, title: str, query: Query, description: str) -> heatmap.Panel:
    """Return how many observations fell into which bucket, over time."""
    panel = (
        heatmap.Panel()
        .calculate(calculate=False)
        .color(
            heatmap.HeatmapColorOptions()
            .mode(heat_options.HeatmapColorMode.SCHEME)
            .scheme("Blues")
            .fill("dark-blue")
            .steps(32)
        )
        .y_axis(heatmap.YAxisConfig().unit(look.SECONDS).axis_placement(options.AxisPlacement.LEFT))
        .unit(look.COUNT)
        .cell_gap(1)
        .exemplars_color(look.WARNING)
        .with_target(_over_time(query, REFERENCES[0]).format(PromQueryFormat.HEATMAP))
        .interval(look.SPARSE)
    )
    return _framed(panel, identity, title, description).span(12).height(8)


def states(identity: int, title: str, query: Query, description: str) -> statetimeline.Panel:
    """Return bands of states over time."""
    panel = (
        statetimeline.Panel()
        .merge_values(merge_values=True)
        .show_value(options.VisibilityMode.NEVER)
        .row_height(0.8)
        .line_width(0)
        .fill_opacity(85)
        .color_scheme(look.colour_by(model.FieldColorModeId.THRESHOLDS))
        .thresholds(look.thresholds(((None, look.QUIET),)))
        .legend(
            common.VizLegendOptions()
            .show_legend(show_legend=True)
            .display_mode(options.LegendDisplayMode.LIST)
            .placement(options.LegendPlacement.BOTTOM)
        )
        .with_target(_over_time(query, REFERENCES[0]))
    )
    return _framed(panel, identity, title, description).span(12).height(8)


def rows(
    identity: int, title: str, queries: dict[str, Query], description: str, *, first: tuple[str, ...] = ()
) -> table.Panel:
    """Return a table whose value columns are the queries by heading, joined by their common labels.

    ``first`` are the labels of the first columns, in order; the others follow.
    """
    panel = table.Panel().show_header(show_header=True).thresholds(look.thresholds(((None, look.QUIET),)))
    for reference, query in zip(REFERENCES, queries.values(), strict=False):
        panel.with_target(_now(query, reference).format(PromQueryFormat.TABLE))
    panel.with_transformation(model.DataTransformerConfig(id_val="merge", options={}))
    headings = dict(zip(("Value #" + reference for reference in REFERENCES), queries, strict=False))
    panel.with_transformation(
        model.DataTransformerConfig(
            id_val="organize",
            options={
                "excludeByName": {"Time": True, "__name__": True, "instance": True, "job": True},
                "indexByName": {label: index for index, label in enumerate(first)},
                "renameByName": headings if len(queries) > 1 else {"Value": next(iter(queries))},
            },
        )
    )
    return _framed(panel, identity, title, description).span(12).height(8)


def log(identity: int, title: str, expression: str, description: str) -> logs.Panel:
    """Return log records out of Loki, the newest first."""
    return (
        logs.Panel()
        .id(identity)
        .title(title)
        .description(description)
        .datasource(look.LOKI)
        .show_time(show_time=True)
        .wrap_log_message(wrap_log_message=True)
        .enable_log_details(enable_log_details=True)
        .sort_order(options.LogsSortOrder.DESCENDING)
        .with_target(
            loki.Dataquery().ref_id(REFERENCES[0]).expr(expression).max_lines(LOG_LINES).datasource(look.LOKI)
        )
        .span(24)
        .height(10)
    )


def named(query: Query) -> str:
    """Return the legend as a field's name: a single value would be shown without one."""
    return query.legend.replace("{{", "${__field.labels.").replace("}}", "}")


def column(*settings: tuple[str, object]) -> list[model.DynamicConfigValue]:
    """Return settings of one series or column, by property."""
    return [model.DynamicConfigValue(id_val=name, value=value) for name, value in settings]


def coloured(colour: str) -> list[model.DynamicConfigValue]:
    """Return the setting that draws one series in a colour of its own."""
    return column(("color", {"mode": "fixed", "fixedColor": colour}))


def dashed(colour: str) -> list[model.DynamicConfigValue]:
    """Return the settings of a line to compare with: thin, dashed, without area."""
    return column(
        ("color", {"mode": "fixed", "fixedColor": colour}),
        ("custom.lineStyle", {"fill": "dash", "dash": [8, 8]}),
        ("custom.lineWidth", 1),
        ("custom.fillOpacity", 0),
    )


def limit_line() -> list[model.DynamicConfigValue]:
    """Return the settings of a limit among stacked areas."""
    return [*dashed(look.BAD), *column(("custom.stacking", {"mode": "none", "group": "A"}))]


def profit_column() -> list[model.DynamicConfigValue]:
    """Return the settings of a column of money that is red below zero."""
    return column(("unit", look.MONEY), ("decimals", 2), *_in_colour(look.PROFIT))


def age_column(steps: look.Steps) -> list[model.DynamicConfigValue]:
    """Return the settings of a column of ages, coloured by thresholds."""
    return column(("unit", look.SECONDS), ("decimals", 1), *_in_colour(steps))


def graded_column(
    steps: look.Steps, unit: str, decimals: int, *, width: int
) -> list[model.DynamicConfigValue]:
    """Return the settings of a column of numbers, coloured by thresholds."""
    return column(("unit", unit), ("decimals", decimals), ("custom.width", width), *_in_colour(steps))


def worded_column(mapping: model.ValueMap, heading: str | None = None) -> list[model.DynamicConfigValue]:
    """Return the settings of a column whose values are shown as words, under another heading if given."""
    named = () if heading is None else (("displayName", heading),)
    return column(("mappings", [mapping]), ("custom.cellOptions", {"type": "color-text"}), *named)


def linked_column(heading: str, links: dict[str, str], *, width: int = 110) -> list[model.DynamicConfigValue]:
    """Return the settings of a column whose values are links, by title; ``${__value.raw}`` is the value."""
    shown = [{"title": title, "url": address} for title, address in links.items()]
    return column(("displayName", heading), ("links", shown), ("custom.width", width))


def stacked() -> common.StackingConfig:
    """Return that series stand on each other."""
    return common.StackingConfig().mode(options.StackingMode.NORMAL).group("A")


def on_the_right(*calculations: str) -> common.VizLegendOptions:
    """Return a legend as a table beside the graph."""
    return (
        common.VizLegendOptions()
        .show_legend(show_legend=True)
        .display_mode(options.LegendDisplayMode.TABLE)
        .placement(options.LegendPlacement.RIGHT)
        .calcs(list(calculations))
    )


def limit_dashes() -> common.GraphThresholdsStyleConfig:
    """Return that thresholds are drawn as dashed lines."""
    return common.GraphThresholdsStyleConfig().mode(options.GraphThresholdsStyleMode.DASHED)


def limit_area() -> common.GraphThresholdsStyleConfig:
    """Return that thresholds are drawn as areas behind the lines."""
    return common.GraphThresholdsStyleConfig().mode(options.GraphThresholdsStyleMode.DASHED_AND_AREA)


def link(title: str, address: str) -> dashboard.DashboardLink:
    """Return a link of a panel or value."""
    return dashboard.DashboardLink(title).url(address)


def _in_colour(steps: look.Steps) -> tuple[tuple[str, object], ...]:
    return (
        ("thresholds", look.thresholds(steps).build()),
        ("custom.cellOptions", {"type": "color-text"}),
    )


def _framed(panel: Kind, identity: int, title: str, description: str) -> Kind:
    return panel.id(identity).title(title).description(description).datasource(look.PROMETHEUS)


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .show_legend(show_legend=True)
        .display_mode(options.LegendDisplayMode.LIST)
        .placement(options.LegendPlacement.BOTTOM)
    )


def _target(query: Query, reference: str) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .ref_id(reference)
        .expr(query.expression)
        .legend_format(query.legend)
        .datasource(look.PROMETHEUS)
    )


def _now(query: Query, reference: str) -> prometheus.Dataquery:
    return _target(query, reference).instant()


def _over_time(query: Query, reference: str) -> prometheus.Dataquery:
    return _target(query, reference).range().exemplar(query.exemplars)

from __future__ import annotations

import re

import pytest

from trading_bot.contract.telemetry import labels, metrics, spans
from trading_bot.contract.telemetry.definition import Kept, Label, Metric, MetricType
from trading_bot.contract.telemetry.metrics import METRICS

NAME = re.compile(r"^tradingbot(_[a-z][a-z0-9]*)+$")
UNITS = {
    "seconds": "seconds",
    "bytes": "bytes",
    "ratio": "ratio",
    "basis points": "bps",
}
"""Units that a name must end in; what is counted in whole things has its thing in the name."""

NEVER_A_LABEL = re.compile(r"(^|_)(id|uuid|price|quantity|message|text|time|timestamp|trace|span|order)(_|$)")
OPENTELEMETRY = {
    "error.type",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "url.path",
    "server.address",
    "server.port",
}
"""Attributes of its semantic conventions that we may use."""

OPEN_LABELS = {"symbol", "strategy", "asset", "version", "python", "venue", "endpoint", "workflow"}
"""Labels whose values come from settings or venue: a few, for the life of a process."""


def declared(kind):
    return [
        value for value in vars(metrics if kind is Metric else labels).values() if isinstance(value, kind)
    ]


def test_every_metric_is_declared_once():
    names = [metric.name for metric in declared(Metric)]
    assert len(names) == len(set(names)) == len(METRICS)
    assert set(METRICS) == set(names)


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_a_name_says_subsystem_thing_and_unit(metric):
    assert NAME.match(metric.name)
    stem = metric.name.removesuffix("_total")
    if metric.unit in UNITS:
        assert stem.endswith("_" + UNITS[metric.unit])
    assert metric.name.endswith("_total") == (metric.type is MetricType.COUNTER)
    assert not re.search(r"_(milliseconds|ms|ns|minutes|percent|count|sum|bucket|created|info_total)$", stem)
    if "_timestamp_" in metric.name:
        assert (metric.type, metric.kept) == (MetricType.GAUGE, Kept.ALWAYS)


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_a_metric_says_what_it_means(metric):
    assert metric.meaning.endswith(".")
    assert metric.meaning[0].isupper() or metric.meaning[0].isdigit()
    assert metric.unit


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_only_histograms_have_bounds_and_these_rise(metric):
    assert bool(metric.bounds) == (metric.type is MetricType.HISTOGRAM)
    assert list(metric.bounds) == sorted(set(metric.bounds))


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_counters_and_histograms_stay_when_the_bot_is_dead(metric):
    if metric.type is not MetricType.GAUGE:
        assert metric.kept is Kept.ALWAYS


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_labels_are_distinct_and_none_is_the_bots_own(metric):
    names = [label.name for label in metric.labels]
    assert len(names) == len(set(names))
    assert not {"bot", "le", "quantile", "job", "instance"} & set(names)


@pytest.mark.parametrize("label", declared(Label), ids=lambda label: label.name)
def test_a_label_is_a_closed_set_or_one_of_the_few_that_settings_decide(label):
    assert re.fullmatch(r"[a-z]+", label.name)
    assert not NEVER_A_LABEL.search(label.name)
    assert label.meaning
    if label.values is None:
        assert label.name in OPEN_LABELS
    else:
        assert label.values
        assert len(label.values) == len(set(label.values))
        assert all(value and "|" not in value and "\n" not in value for value in label.values)


def test_every_declared_label_is_used():
    used = {id(label) for metric in METRICS.values() for label in metric.labels}
    assert not [label for label in declared(Label) if id(label) not in used]


def test_limits_and_denials_are_settings_keys_or_named_reasons():
    from trading_bot.contract.settings import Limits  # noqa: PLC0415

    assert Limits.__struct_fields__ == labels.LIMITS
    assert set(labels.LIMITS) < set(labels.DENIALS)


@pytest.mark.parametrize("name", spans.SPANS)
def test_a_span_is_named_by_verb_and_noun_and_says_what_it_covers(name):
    assert re.fullmatch(r"[a-z]+ [a-z]+", name)
    assert spans.SPANS[name].endswith(".")


@pytest.mark.parametrize("name", spans.ATTRIBUTES)
def test_an_attribute_is_ours_by_its_prefix_or_opentelemetrys(name):
    assert name.startswith("tradingbot.") or name in OPENTELEMETRY
    assert spans.ATTRIBUTES[name].endswith(".")


def test_every_span_and_attribute_constant_is_in_its_table():
    constants = {value for name, value in vars(spans).items() if name.isupper() and isinstance(value, str)}
    assert constants == set(spans.SPANS) | set(spans.ATTRIBUTES)

"""Every expression of every board says only what the catalogue knows, and says it right."""

from __future__ import annotations

import pytest
from support.boards import Asked, boards, every_query, filled_in, panels
from support.promql import complaints

from dashboards import promql
from dashboards.promql import WrongQuery
from trading_bot.contract.telemetry import labels, metrics, recordings


@pytest.mark.parametrize("asked", every_query(), ids=lambda asked: asked.name)
def test_an_expression_keeps_to_the_catalogue(asked: Asked):
    assert complaints(filled_in(asked.expression)) == []


def test_the_panels_and_expressions_are_counted_for_the_reader(count):
    shown = sum(len(panels(board)) for board in boards())
    count("panels of the boards", shown, f"{len(every_query())} expressions keep to the catalogue")
    assert shown > 100


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("sum by (bot) (", "does not parse"),
        ("tradingbot_equity", "not in the catalogue"),
        ('tradingbot_up{symbol="EUR/USD"}', "has no label symbol"),
        ('tradingbot_mode{mode="asleep"}', "has no value asleep"),
        ("sum by (bot) (tradingbot_fills_total)", "is a counter and is not rated"),
        ("rate(tradingbot_account_equity_usd[1m])", "is a gauge and is rated"),
        ("tradingbot_account_equity_usd / tradingbot_account_cash_usd", "divides by what may be zero"),
        ("sum by (bot, symbol) (rate(tradingbot_decisions_total[1m]))", "groups by symbol"),
        ("sum(rate(tradingbot_fills_total[1m]))", "mixes bots"),
        (
            "histogram_quantile(0.9, rate(tradingbot_order_ack_duration_seconds_bucket[1m]))",
            "not summed by le",
        ),
        ("sum by (bot) (rate(tradingbot_order_ack_duration_seconds_bucket[1m]))", "is not summed by le"),
        ("bot:equity:euro", "not in the catalogue"),
        ('bot:slo_burn:ratio1h{slo="coffee"}', "has no value coffee"),
        ("rate(bot:slo_burn:ratio1h[1m])", "is a record and is rated"),
        ("sum by (bot, symbol) (bot:slo_burn:ratio1h)", "groups by symbol"),
    ],
)
def test_a_wrong_expression_is_complained_about(expression: str, complaint: str):
    assert any(complaint in found for found in complaints(expression)), complaints(expression)


@pytest.mark.parametrize(
    "build",
    [
        lambda: promql.series(metrics.UP, symbol="EUR/USD"),
        lambda: promql.series(metrics.MODE, mode="asleep"),
        lambda: promql.rate(metrics.EQUITY),
        lambda: promql.age(metrics.FILLS),
        lambda: promql.buckets(metrics.EQUITY),
        lambda: promql.quantile(0.5, metrics.ORDER_ACK, labels.SYMBOL),
        lambda: promql.values(metrics.EQUITY, labels.SYMBOL),
        lambda: promql.series(recordings.LEVEL_LEFT, slo="coffee"),
        lambda: promql.increase(recordings.LEVEL_LEFT),
    ],
)
def test_a_query_that_the_catalogue_does_not_allow_cannot_be_built(build):
    with pytest.raises(WrongQuery):
        build()

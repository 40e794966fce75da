"""What every strategy keeps, whatever it goes by."""

from __future__ import annotations

import itertools
import typing
from decimal import Decimal

import pytest
from support.bars import closes

from trading_bot.contract.settings import MeanReversion, SmaCross, StrategySettings
from trading_bot.strategies.protocol import Direction
from trading_bot.strategies.registry import FACTORIES, adapt, build

SYMBOL = "GOOGL/USD"
SETTINGS = {
    "sma_cross": SmaCross(symbols=(SYMBOL,)),
    "short sma_cross": SmaCross(symbols=(SYMBOL,), fast=1, slow=2),
    "mean_reversion": MeanReversion(symbols=(SYMBOL,), entry_z=Decimal("1.5")),
}


@pytest.fixture(params=SETTINGS, scope="module")
def settings(request):
    return SETTINGS[request.param]


@pytest.fixture(scope="module")
def bars():
    return closes(SYMBOL)


def new(settings):
    return build({"one": settings})["one", SYMBOL]


def test_it_wants_nothing_before_it_has_its_history(settings, bars):
    strategy = new(settings)
    assert strategy.direction is None
    stances = [strategy.on_bar(close) for close in bars[: strategy.history - 1]]
    assert stances == [None] * (strategy.history - 1)
    assert strategy.direction is None


def test_a_warm_up_leaves_it_as_if_it_had_seen_every_bar_live(settings, bars):
    live, warmed = new(settings), new(settings)
    for close in bars[:300]:
        live.on_bar(close)
    warmed.warm_up(bars[:300])
    assert warmed.direction is live.direction
    assert [warmed.on_bar(close) for close in bars[300:900]] == [
        live.on_bar(close) for close in bars[300:900]
    ]


def test_the_same_closes_give_the_same_stances(settings, bars):
    one, other = new(settings), new(settings)
    assert [one.on_bar(close) for close in bars] == [other.on_bar(close) for close in bars]


def test_a_stance_is_never_the_one_before_again(settings, bars):
    strategy = new(settings)
    said = [stance.direction for close in bars if (stance := strategy.on_bar(close)) is not None]
    assert len(said) > 10
    assert all(one is not other for one, other in itertools.pairwise(said))


def test_a_stance_says_why_and_is_what_it_wants(settings, bars):
    strategy = new(settings)
    for close in bars:
        stance = strategy.on_bar(close)
        if stance is not None:
            assert stance.reason
            assert stance.direction is strategy.direction


def test_prices_that_do_not_move_give_no_stance(settings):
    strategy = new(settings)
    assert [strategy.on_bar(Decimal("1.1")) for _ in range(200)] == [None] * 200


def test_adapting_to_the_same_settings_changes_nothing(settings, bars):
    adapted, plain = build({"one": settings}), new(settings)
    for close in bars[:1000]:
        adapt(adapted, {"one": settings})
        assert adapted["one", SYMBOL].on_bar(close) == plain.on_bar(close)


def test_every_strategy_of_the_settings_can_be_built():
    assert set(FACTORIES) == set(typing.get_args(StrategySettings))


def test_each_symbol_has_a_strategy_of_its_own(bars):
    built = build({"a": SmaCross(symbols=(SYMBOL, "EUR/USD")), "b": MeanReversion(symbols=("IBM/USD",))})
    assert list(built) == [("a", SYMBOL), ("a", "EUR/USD"), ("b", "IBM/USD")]
    built["a", SYMBOL].warm_up(bars[:50])
    assert built["a", "EUR/USD"].direction is None


def test_directions_are_long_and_flat():
    assert set(Direction) == {"long", "flat"}

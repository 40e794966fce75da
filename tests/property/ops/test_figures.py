"""The figures of returns are those of empyrical, an established library."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import oracles

from exporter.ops.performance.figures import Figures, figures

RETURNS = st.lists(st.floats(-0.5, 0.5).map(lambda one: round(one, 6)), min_size=2, max_size=60)
OF_EMPYRICAL = {
    "total_return": lambda returns, _: oracles.empyrical.cum_returns_final(returns),
    "annual_return": lambda returns, year: oracles.empyrical.annual_return(returns, annualization=year),
    "annual_volatility": lambda returns, year: oracles.empyrical.annual_volatility(
        returns, annualization=year
    ),
    "sharpe_ratio": lambda returns, year: oracles.empyrical.sharpe_ratio(returns, annualization=year),
    "sortino_ratio": lambda returns, year: oracles.empyrical.sortino_ratio(returns, annualization=year),
    "calmar_ratio": lambda returns, year: oracles.empyrical.calmar_ratio(returns, annualization=year),
    "max_drawdown": lambda returns, _: oracles.empyrical.max_drawdown(returns),
    "best": lambda returns, _: oracles.numpy.max(returns),
    "worst": lambda returns, _: oracles.numpy.min(returns),
}


def test_every_figure_has_an_oracle():
    assert {*OF_EMPYRICAL, "unknown"} == set(Figures.__struct_fields__)


@pytest.mark.xdist_group("pandas")
@given(returns=RETURNS, year=st.sampled_from((365, 252, 52)))
def test_a_figure_is_what_empyrical_makes_of_the_same_returns(returns, year):
    found, series = figures(returns, year), oracles.numpy.array(returns)
    for name, oracle in OF_EMPYRICAL.items():
        ours, theirs = getattr(found, name), float(oracle(series, year))
        if ours is None:
            # Where they say infinite or not a number we say why; a spread of rounding errors is no spread.
            assert found.unknown[name]
            assert not math.isfinite(theirs) or abs(theirs) > 1e12 or oracles.numpy.ptp(series) == 0, name
        else:
            assert ours == pytest.approx(theirs, rel=1e-6, abs=2e-8), name


@pytest.mark.parametrize("returns", [[], [0.01]])
def test_of_too_few_returns_nothing_is_invented(returns):
    found = figures(returns, 365)
    assert found.sharpe_ratio is None
    assert found.total_return is None
    assert set(found.unknown) == set(OF_EMPYRICAL)


def test_a_loss_of_everything_is_a_number_where_there_is_one():
    found = figures([0.1, -1.0, 0.0], 365)
    assert found.total_return == -1
    assert found.max_drawdown == -1
    assert found.annual_return == -1

"""Which fault strikes when."""

from __future__ import annotations

from trading_bot.domain.clock import SECOND, ManualClock
from trading_bot.exchange.faults import KINDS, LOST_ACK, MUTE_FEED, WRONG_BALANCE, Fault, Faults


def made(*on: Fault, seed: int = 1) -> tuple[Faults, ManualClock]:
    clock = ManualClock()
    return Faults(on, clock, seed), clock


def fault(name: str, symbol: str | None = None, **how) -> Fault:
    return Fault(name=name, symbol=symbol, since_ns=0, **how)


def test_a_fault_of_one_symbol_strikes_that_symbol_only():
    faults, _ = made(fault(MUTE_FEED, "EUR/USD"))
    assert faults.strikes(MUTE_FEED, "EUR/USD")
    assert not faults.strikes(MUTE_FEED, "IBM/USD")
    assert not faults.strikes(MUTE_FEED)
    assert not faults.strikes(LOST_ACK, "EUR/USD")


def test_a_fault_of_all_symbols_strikes_each_and_requests_without_one():
    faults, _ = made(fault(LOST_ACK))
    assert faults.strikes(LOST_ACK, "EUR/USD")
    assert faults.strikes(LOST_ACK)


def test_cash_is_wrong_only_where_no_symbol_is_named():
    faults, _ = made(fault(WRONG_BALANCE, "EUR/USD"))
    assert faults.strikes_only(WRONG_BALANCE, "EUR/USD")
    assert not faults.strikes_only(WRONG_BALANCE, None)


def test_a_fault_ends_at_its_time_and_is_over_until_it_is_removed():
    faults, clock = made()
    faults.add(fault(MUTE_FEED, until_ns=clock.now_ns() + 2 * SECOND))
    clock.advance(1.999)
    assert faults.standing(MUTE_FEED)
    assert faults.over() == []
    clock.advance(0.001)
    assert not faults.strikes(MUTE_FEED, "EUR/USD")
    assert faults.switched_on() == []
    assert [each.name for each in faults.over()] == [MUTE_FEED]
    faults.remove(MUTE_FEED, None)
    assert faults.over() == []


def test_the_same_seed_gives_the_same_strikes_and_another_seed_others():
    def strikes(seed: int) -> list[bool]:
        faults, _ = made(fault(LOST_ACK, probability=0.3), seed=seed)
        return [faults.strikes(LOST_ACK) is not None for _ in range(400)]

    assert strikes(1) == strikes(1) != strikes(2)
    assert 80 < sum(strikes(1)) < 160


def test_every_kind_says_what_it_does_and_what_its_number_means():
    for kind in KINDS.values():
        assert kind.meaning.endswith(".")
        assert kind.size is None or kind.size.least <= kind.size.default <= kind.size.most

"""What a position should have of protective orders, and the next step towards it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from support.accounts import EUR, account, bought, proposal, settings, verdict
from support.lives import acknowledged, cancelled, intent, lost, sent

from trading_bot.contract.events import Event
from trading_bot.contract.events.account import PositionAdopted
from trading_bot.contract.events.trading import OrderIntended, OrderType, Side, TimeInForce, Trigger
from trading_bot.contract.settings import Protection
from trading_bot.domain.protection import Leg, Plan, Step, lacks, plan
from trading_bot.domain.state import State

TEN = Decimal(10)
BOTH = {"stop_loss_pct": Decimal(5), "take_profit_pct": Decimal(10)}
STOP, TARGET = Decimal("9.5"), Decimal(11)


def wanted(**percent: Decimal) -> Any:
    return msgspec.structs.replace(settings(), protection={EUR: Protection(**(percent or BOTH))})


def next_step(state: State, mark: Decimal | None = TEN, *, native: bool = True, **percent: Decimal) -> Plan:
    return plan(state, wanted(**percent), state.instruments[EUR], mark, native=native)


def protective(name: str, trigger: Trigger, price: Decimal, quantity: Decimal) -> OrderIntended:
    order = intent(name, EUR, Side.SELL, quantity, price, type=OrderType.MARKET)
    return msgspec.structs.replace(order, trigger=trigger, stop_price=price, pair="stop")


def resting(quantity: Decimal = Decimal(100)) -> list[Event]:
    legs = (
        protective("stop", Trigger.STOP_LOSS, STOP, quantity),
        protective("target", Trigger.TAKE_PROFIT, TARGET, quantity),
    )
    return [event for leg in legs for event in (leg, sent(leg), acknowledged(leg))]


def test_nothing_held_needs_nothing():
    assert next_step(account()) == Plan(step=Step.REST)


def test_a_position_is_protected_at_both_prices_for_all_of_it_down_to_the_lot():
    step = next_step(account(bought(Decimal("100.017"))))
    assert step.step is Step.PLACE
    assert step.legs == (
        Leg(trigger=Trigger.STOP_LOSS, price=STOP, quantity=Decimal("100.01")),
        Leg(trigger=Trigger.TAKE_PROFIT, price=TARGET, quantity=Decimal("100.01")),
    )


def test_what_rests_as_wanted_is_left_alone_and_whatever_differs_is_taken_away_first():
    held = bought(Decimal(100))
    assert next_step(account(held, resting())).step is Step.REST
    assert next_step(account(held, resting(Decimal(90)))).step is Step.CANCEL
    assert next_step(account(held, resting()), stop_loss_pct=Decimal(4)).step is Step.CANCEL
    assert next_step(account(resting())).step is Step.CANCEL, "nothing is held any more"
    one_gone = account(held, resting(), cancelled(protective("target", Trigger.TAKE_PROFIT, TARGET, TEN)))
    assert next_step(one_gone).step is Step.CANCEL


def test_while_anything_of_the_symbol_is_on_its_way_it_waits():
    buying = intent("entry", EUR, Side.BUY, TEN, TEN)
    unknown = intent("who-knows", EUR, Side.SELL, TEN, TEN)
    held = bought(Decimal(100))
    assert next_step(account(held, buying)).step is Step.WAIT
    assert next_step(account(held, unknown, sent(unknown), lost(unknown))).step is Step.WAIT


def test_beside_an_exit_that_rests_the_bot_watches_and_clears_the_way_when_a_price_is_reached():
    offer = intent("offer", EUR, Side.SELL, Decimal(30), Decimal(12), limit_price=Decimal(12))
    offer = msgspec.structs.replace(offer, type=OrderType.LIMIT, time_in_force=TimeInForce.GTC)
    state = account(bought(Decimal(100)), offer, sent(offer), acknowledged(offer))
    assert (next_step(state).step, next_step(state).quantity) == (Step.WATCH, 100)
    assert next_step(state, STOP).step is Step.CLEAR


@pytest.mark.parametrize(("mark", "native"), [(STOP, True), (TARGET, True), (Decimal(9), False)])
def test_a_price_that_is_reached_closes_where_nothing_at_the_venue_acts_on_it(mark: Decimal, native: bool):
    state = account(bought(Decimal(100)))
    assert next_step(state, mark, native=native).step is Step.CLOSE
    if native:
        assert next_step(account(bought(Decimal(100)), resting()), mark).step is Step.REST, "the venue acts"


def test_without_such_orders_at_the_venue_the_bot_watches():
    assert next_step(account(bought(Decimal(100))), native=False).step is Step.WATCH


def test_a_position_without_entry_price_is_measured_from_the_mark_once():
    taken = PositionAdopted(symbol=EUR, previous=Decimal(0), quantity=Decimal(100), reason="found")
    assert next_step(account(taken)).price(Trigger.STOP_LOSS) == STOP
    assert next_step(account(taken), None).step is Step.LACK
    kept = next_step(account(taken, resting()), Decimal("10.4"))
    assert (kept.step, kept.price(Trigger.STOP_LOSS)) == (Step.REST, STOP)


def test_what_is_too_small_for_the_venue_is_not_protected_and_that_is_said():
    words = "unprotected: its stop_loss would be worth 0.4750, the venue takes none below 1"
    assert next_step(account(bought(Decimal("0.05")))) == Plan(step=Step.REST, message=words)


def test_a_position_lacks_protection_until_it_rests():
    state = account(bought(Decimal(100)))
    assert lacks(state, wanted(), state.instruments[EUR])
    assert not lacks(state, settings(), state.instruments[EUR])
    covered = account(bought(Decimal(100)), resting())
    assert not lacks(covered, wanted(), covered.instruments[EUR])


def test_what_protective_orders_hold_may_be_closed_and_no_more():
    state = account(bought(Decimal(100)), resting())
    assert verdict(state, proposal(Side.SELL, 100)) is None
    denial = verdict(state, proposal(Side.SELL, 101))
    assert denial is not None
    assert denial.limit == "balance"

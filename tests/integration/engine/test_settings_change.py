"""Settings that change while the bot trades: checked again, without losing what strategies know, on probation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.control import ControlTape, applying
from support.engine import PAIR, STOCK, Rig, Running, play

from trading_bot.contract.commands import FlattenPositions, PauseTrading, RollbackSettings
from trading_bot.contract.events.lifecycle import (
    BotStopped,
    CommandAnswered,
    SettingsApplied,
    SettingsRolledBack,
)
from trading_bot.contract.events.trading import OrderDenied, OrderIntended
from trading_bot.contract.settings import Settings, parse_settings

Scenario = Callable[[Rig, Running, ControlTape], Awaitable[None]]


def changed(settings: Settings, **sections: dict[str, Any]) -> Settings:
    """Return settings with some keys of some sections changed."""
    document = msgspec.to_builtins(settings)
    for section, keys in sections.items():
        document[section] = {**document[section], **keys}
    return parse_settings(document)


async def answer(bot: Running, command_id: str) -> CommandAnswered:
    await bot.until(lambda: bot.events(CommandAnswered, command_id=command_id))
    (answered,) = bot.events(CommandAnswered, command_id=command_id)
    return answered


async def apply(bot: Running, control: ControlTape, settings: Settings, **how: Any) -> CommandAnswered:
    """Apply settings against the generation in force, every loosening confirmed."""
    fields = {"expected_generation": bot.state.settings.generation} | {
        name: how.pop(name) for name in ("expected_generation", "command_id") if name in how
    }
    return await answer(bot, control.issue(applying(settings, **how), **fields))


def played(folder: Path, scenario: Scenario, **changes: Any) -> None:
    async def whole() -> None:
        rig = Rig(folder, **changes)
        with ControlTape(rig.home.control, rig.clock) as control:
            async with rig.running() as bot:
                await scenario(rig, bot, control)

    play(whole())


def test_a_limit_holds_from_the_next_decision_on_in_the_middle_of_an_open_position(tmp_path: Path):
    async def scenario(rig: Rig, bot: Running, control: ControlTape) -> None:
        await bot.enter()
        held = bot.state.positions[PAIR].quantity
        assert held > 0
        strategies = dict(bot.parts.decisions._strategies)
        tight = changed(rig.settings, limits={"max_order_notional": 10})
        answered = await apply(bot, control, tight)
        assert answered.outcome == "acknowledged"
        assert "generation 2 is in force: limits.max_order_notional" in answered.message
        await bot.bar("1.20", STOCK)
        await bot.bar("1.30", STOCK)
        (denied,) = bot.events(OrderDenied)
        assert (denied.symbol, denied.limit) == (STOCK, "max_order_notional")
        assert bot.state.positions[PAIR].quantity == held
        assert bot.parts.decisions._strategies == strategies  # the same objects, with what they know
        await bot.bar("1.00")  # and the position is left as it was always going to be
        await bot.until(lambda: bot.state.positions[PAIR].quantity < held)

    played(tmp_path, scenario)


def test_a_strategys_hot_key_is_in_force_with_its_next_signal_and_its_history_stays(tmp_path: Path):
    async def scenario(rig: Rig, bot: Running, control: ControlTape) -> None:
        await bot.bar("1.08")
        document = msgspec.to_builtins(rig.settings)
        document["strategies"]["last"]["order_notional"] = "500"
        assert (await apply(bot, control, parse_settings(document))).outcome == "acknowledged"
        await bot.bar("1.10")  # one bar is enough only for a strategy that remembers those before
        await bot.until(lambda: bot.events(OrderIntended))
        (intended,) = bot.events(OrderIntended)
        assert intended.generation == 2
        assert intended.quantity * intended.reference_price == pytest.approx(Decimal(500), abs=2)

    played(tmp_path, scenario)


@pytest.mark.parametrize(
    ("sections", "how", "code"),
    [
        ({"limits": {"max_order_notional": 6000}}, {}, "CFG_008"),
        ({"execution": {"request_timeout_seconds": 2.0}}, {}, "CFG_009"),
        ({"limits": {"max_order_notional": 4000}}, {"expected_generation": 9}, "CFG_006"),
        ({"limits": {"max_order_notional": 4000}}, {"expected_generation": None}, "CFG_006"),
    ],
)
def test_a_change_that_may_not_be_is_refused_with_its_own_code(
    tmp_path: Path, sections: dict[str, Any], how: dict[str, Any], code: str
):
    async def scenario(rig: Rig, bot: Running, control: ControlTape) -> None:
        answered = await apply(bot, control, changed(rig.settings, **sections), **how)
        assert (answered.outcome, answered.error_code) == ("rejected", code)
        assert bot.state.settings.generation == 1
        assert bot.context.settings == rig.settings

    played(tmp_path, scenario)


def test_a_fixed_key_an_invalid_value_and_another_hash_are_refused(tmp_path: Path):
    async def scenario(rig: Rig, bot: Running, control: ControlTape) -> None:
        fixed = parse_settings(msgspec.to_builtins(rig.settings) | {"day_starts_at": "01:00"})
        assert (await apply(bot, control, fixed)).error_code == "CFG_007"
        good = applying(changed(rig.settings, limits={"max_order_notional": 4000}))
        other = msgspec.structs.replace(good, hash="0" * 64)
        assert (await answer(bot, control.issue(other, expected_generation=1))).error_code == "CFG_011"
        bad = msgspec.structs.replace(good, settings={"symbols": []})
        assert (await answer(bot, control.issue(bad, expected_generation=1))).error_code == "CFG_001"
        assert bot.state.settings.generation == 1

    played(tmp_path, scenario)


def test_more_risk_is_taken_when_the_command_carries_that_it_was_confirmed(tmp_path: Path):
    async def scenario(rig: Rig, bot: Running, control: ControlTape) -> None:
        loose = changed(rig.settings, limits={"max_order_notional": 6000})
        answered = await apply(bot, control, loose, confirmed=("limits.max_order_notional",))
        assert answered.outcome == "acknowledged"
        assert bot.context.settings == loose

    played(tmp_path, scenario)


def test_what_needs_a_restart_is_recorded_and_the_bot_restarts_itself(tmp_path: Path):
    async def whole() -> None:
        rig = Rig(tmp_path)
        slower = changed(rig.settings, execution={"request_timeout_seconds": 2.0})
        with ControlTape(rig.home.control, rig.clock) as control:
            async with rig.running() as bot:
                answered = await apply(bot, control, slower, restart=True)
                assert "after a restart: execution.request_timeout_seconds" in answered.message
                await bot.until(lambda: bot.events(BotStopped))
                assert bot.events(BotStopped)[0].exit_code == 75
            async with rig.running() as bot:
                assert bot.context.settings == slower
                assert bot.state.settings.generation == 2
                assert not bot.events(SettingsApplied)

    play(whole())


def test_a_return_is_a_new_generation_and_can_be_taken_back(tmp_path: Path):
    async def scenario(rig: Rig, bot: Running, control: ControlTape) -> None:
        tight = changed(rig.settings, limits={"max_order_notional": 4000})
        await apply(bot, control, tight, probation_seconds=0)
        await bot.ledger.durable()
        back = RollbackSettings(generation=1, confirmed=("limits.max_order_notional",))
        assert (await answer(bot, control.issue(back, expected_generation=2))).outcome == "acknowledged"
        assert (bot.state.settings.generation, bot.context.settings) == (3, rig.settings)
        again = RollbackSettings(generation=2)
        assert (await answer(bot, control.issue(again, expected_generation=3))).outcome == "acknowledged"
        assert (bot.state.settings.generation, bot.context.settings) == (4, tight)
        nowhere = control.issue(RollbackSettings(generation=17), expected_generation=4)
        assert (await answer(bot, nowhere)).error_code == "CFG_012"
        unconfirmed = control.issue(RollbackSettings(generation=1), expected_generation=4)
        assert (await answer(bot, unconfirmed)).error_code == "CFG_008"

    played(tmp_path, scenario)


async def go_stale(rig: Rig, bot: Running, seconds: float) -> None:
    """Let the quotes grow older, each a bit, with heartbeats in between."""
    rig.clock.advance(seconds)
    bot.beat()
    bot.bot._watch_settings()


def test_the_bot_goes_back_by_itself_when_a_condition_turns_worse(tmp_path: Path):
    async def scenario(rig: Rig, bot: Running, control: ControlTape) -> None:
        strict = changed(rig.settings, intervals={"stale_after_seconds": 1.0})
        await apply(bot, control, strict)
        await go_stale(rig, bot, 2)
        (back,) = bot.events(SettingsRolledBack)
        assert (back.generation, back.restored_generation, back.actor) == (3, 1, "bot")
        assert "FeedFresh turned False (Stale)" in back.reason
        assert bot.context.settings == rig.settings
        assert "CFG_013" in bot.codes()
        bot.beat()
        bot.bot._watch_settings()
        assert len(bot.events(SettingsRolledBack)) == 1

    played(tmp_path, scenario)


def test_after_the_probation_and_without_one_nothing_goes_back(tmp_path: Path):
    async def scenario(rig: Rig, bot: Running, control: ControlTape) -> None:
        strict = changed(rig.settings, intervals={"stale_after_seconds": 1.0})
        await apply(bot, control, strict, probation_seconds=0)
        await go_stale(rig, bot, 2)
        assert bot.state.conditions["FeedFresh"].status == "False"
        for symbol in (PAIR, STOCK):
            await bot.quote(symbol=symbol)
        bot.beat()
        stricter = changed(rig.settings, intervals={"stale_after_seconds": 0.6})
        await apply(bot, control, stricter, probation_seconds=10)
        for _ in range(30):
            for symbol in (PAIR, STOCK):
                await bot.quote(symbol=symbol)
            await go_stale(rig, bot, 0.5)
        await go_stale(rig, bot, 2)
        assert not bot.events(SettingsRolledBack)

    played(tmp_path, scenario)


def test_a_condition_that_was_bad_before_is_not_the_changes_fault(tmp_path: Path):
    async def scenario(rig: Rig, bot: Running, control: ControlTape) -> None:
        rig.clock.advance(10)
        bot.beat()
        assert bot.state.conditions["FeedFresh"].status == "False"
        await apply(bot, control, changed(rig.settings, limits={"max_order_notional": 4000}))
        await go_stale(rig, bot, 2)
        assert not bot.events(SettingsRolledBack)

    played(tmp_path, scenario)


def test_going_back_by_itself_never_loosens_a_limit(tmp_path: Path):
    async def scenario(rig: Rig, bot: Running, control: ControlTape) -> None:
        tight = changed(
            rig.settings, limits={"max_order_notional": 4000}, intervals={"stale_after_seconds": 1.0}
        )
        await apply(bot, control, tight)
        await go_stale(rig, bot, 2)
        (back,) = bot.events(SettingsRolledBack)
        assert "kept as they take less risk: limits.max_order_notional" in back.reason
        assert bot.context.settings.limits.max_order_notional == 4000
        assert bot.context.settings.intervals.stale_after_seconds == 5.0

    played(tmp_path, scenario)


def test_a_change_of_limits_alone_stays_and_that_is_said_once(tmp_path: Path):
    async def scenario(rig: Rig, bot: Running, control: ControlTape) -> None:
        await apply(bot, control, changed(rig.settings, limits={"max_order_notional": 4000}))
        for _ in range(3):
            await go_stale(rig, bot, 8)
        assert not bot.events(SettingsRolledBack)
        assert bot.codes().count("CFG_013") == 1
        assert bot.state.settings.generation == 2

    played(tmp_path, scenario)


def test_a_probation_survives_a_restart_and_the_time_without_a_bot_does_not_count(tmp_path: Path):
    async def whole() -> None:
        rig = Rig(tmp_path)
        with ControlTape(rig.home.control, rig.clock) as control:
            async with rig.running() as bot:
                strict = changed(rig.settings, intervals={"stale_after_seconds": 1.0})
                await apply(bot, control, strict, probation_seconds=30)
                await bot.kill()
            rig.clock.advance(3600)
            async with rig.running() as bot:
                assert bot.context.settings == strict
                await go_stale(rig, bot, 2)
                (back,) = bot.events(SettingsRolledBack)
                assert back.restored_generation == 1
                assert bot.context.settings == rig.settings

    play(whole())


def test_a_command_whose_answer_was_lost_with_its_run_is_acknowledged_and_not_done_twice(tmp_path: Path):
    async def whole() -> None:
        rig = Rig(tmp_path)
        tight = changed(rig.settings, limits={"max_order_notional": 4000})
        with ControlTape(rig.home.control, rig.clock) as control:
            async with rig.running() as bot:
                bot.ledger.append(
                    SettingsApplied(
                        generation=2,
                        hash=applying(tight).hash,
                        settings=msgspec.to_builtins(tight),
                        source="command",
                        actor="ada",
                        reason="for a test",
                        command_id="c-lost",
                    )
                )
                await bot.kill()
            control.issue(applying(tight), command_id="c-lost", expected_generation=1)
            async with rig.running() as bot:
                answered = await answer(bot, "c-lost")
                assert (answered.outcome, answered.message) == ("acknowledged", "generation 2 is in force")
                assert bot.state.settings.generation == 2

    play(whole())


def test_commands_are_taken_while_the_bot_still_starts(tmp_path: Path):
    async def whole() -> None:
        rig = Rig(tmp_path, intervals={"stale_after_seconds": 300})  # so long it waits for quotes
        with ControlTape(rig.home.control, rig.clock) as control:
            async with rig.starting() as bot:
                assert (await answer(bot, control.issue(PauseTrading()))).outcome == "acknowledged"
                assert not bot.parts.vitals.ready

    play(whole())


def test_settings_with_a_symbol_that_is_not_listed_are_taken_back_by_the_start_itself(tmp_path: Path):
    async def whole() -> None:
        rig = Rig(tmp_path)
        document = msgspec.to_builtins(rig.settings)
        unlisted = parse_settings(document | {"symbols": [PAIR, STOCK, "NOBODY/USD"]})
        with ControlTape(rig.home.control, rig.clock) as control:
            async with rig.running() as bot:
                await apply(bot, control, unlisted, restart=True, confirmed=("symbols",))
                await bot.until(lambda: bot.events(BotStopped))
            async with rig.starting() as bot:
                await bot.until(lambda: bot.events(BotStopped))
                (back,) = bot.events(SettingsRolledBack)
                assert "FeedFresh turned False (NotListed)" in back.reason
                assert bot.events(BotStopped)[0].exit_code == 75
            async with rig.running() as bot:
                assert bot.context.settings == rig.settings

    play(whole())


def without(settings: Settings, symbol: str) -> Settings:
    """Return settings without a symbol."""
    document = msgspec.to_builtins(settings)
    document["symbols"] = [known for known in document["symbols"] if known != symbol]
    for strategy in document["strategies"].values():
        strategy["symbols"] = [known for known in strategy["symbols"] if known != symbol]
    return parse_settings(document)


def test_a_symbol_that_is_held_or_has_orders_is_not_taken_out_until_it_is_flat(tmp_path: Path):
    async def whole() -> None:
        resting = {"order_type": "limit", "time_in_force": "gtc", "limit_offset_bps": 0}
        rig = Rig(tmp_path, execution=resting)
        how: dict[str, Any] = {"restart": True, "confirmed": ("symbols", "strategies.last.symbols")}
        with ControlTape(rig.home.control, rig.clock) as control:
            async with rig.running() as bot:
                rig.venue.push_quote(STOCK, Decimal("1.1000"), Decimal("1.1002"), ask_quantity=Decimal(0))
                await bot.bar("1.20", STOCK)
                await bot.until(lambda: [order for order in bot.orders if order.rests])
                refused = await apply(bot, control, without(rig.settings, STOCK), **how)
                assert (refused.outcome, refused.error_code) == ("rejected", "CFG_018")
                assert "symbols: still in use" in refused.message
                assert f"{STOCK}: 1 orders not over" in refused.message
                await bot.quote(symbol=STOCK)
                await bot.until(lambda: bot.state.positions.get(STOCK) and not bot.state.orders)
                held = bot.state.positions[STOCK].quantity
                refused = await apply(bot, control, without(rig.settings, STOCK), **how)
                assert f"{STOCK}: {held} held" in refused.message
                assert bot.state.settings.generation == 1
                await answer(bot, control.issue(FlattenPositions(symbol=STOCK)))
                await bot.until(lambda: bot.state.positions[STOCK].quantity < 1)
                taken = await apply(bot, control, without(rig.settings, STOCK), **how)
                assert taken.outcome == "acknowledged"

    play(whole())


def test_a_held_symbol_that_is_not_listed_any_more_may_be_taken_out(tmp_path: Path):
    async def whole() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await bot.enter(STOCK)
        rig.venue.delist(STOCK)
        with ControlTape(rig.home.control, rig.clock) as control:
            async with rig.starting() as bot:
                await bot.until(lambda: bot.parts.execution.instruments)
                how: dict[str, Any] = {"restart": True, "confirmed": ("symbols", "strategies.last.symbols")}
                taken = await apply(bot, control, without(rig.settings, STOCK), **how)
                assert taken.outcome == "acknowledged"

    play(whole())


def test_going_back_by_itself_leaves_no_symbol_alone_that_is_held(tmp_path: Path):
    async def whole() -> None:
        rig = Rig(tmp_path)
        both = rig.settings
        rig.settings = without(both, STOCK)
        rig.write_config()
        with ControlTape(rig.home.control, rig.clock) as control:
            async with rig.running() as bot:
                how: dict[str, Any] = {"restart": True, "confirmed": ("symbols", "strategies.last.symbols")}
                await apply(bot, control, both, probation_seconds=600, **how)
                await bot.until(lambda: bot.events(BotStopped))
            async with rig.running() as bot:
                await bot.enter(STOCK)
                await go_stale(rig, bot, 20)
                assert not bot.events(SettingsRolledBack)
                assert bot.codes().count("CFG_013") == 1
                assert bot.context.settings == both

    play(whole())

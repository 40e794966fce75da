"""Commands of the control tape: each answered once, and only what is valid has an effect."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from support.control import ControlTape
from support.engine import PAIR, Rig, Running, play

from trading_bot.contract.commands import (
    COMMANDS,
    CancelOrders,
    Command,
    HaltTrading,
    PauseTrading,
    ReduceOnly,
    RestartBot,
    ResumeTrading,
)
from trading_bot.contract.events.lifecycle import (
    BotStopped,
    CommandAnswered,
    CommandIssued,
    ModeChanged,
)
from trading_bot.domain.clock import SECOND
from trading_bot.domain.state import RECENT_COMMANDS
from trading_bot.engine.commands import HANDLERS


async def answer(bot: Running, command_id: str) -> CommandAnswered:
    """Wait until the bot has answered a command, and return what it said."""
    await bot.until(lambda: bot.events(CommandAnswered, command_id=command_id))
    (answered,) = bot.events(CommandAnswered, command_id=command_id)
    return answered


def played(folder: Path, scenario: Callable[[Rig, Running, ControlTape], Awaitable[None]]) -> None:
    """Play a scenario with a running bot and an open control tape."""

    async def whole() -> None:
        rig = Rig(folder)
        with ControlTape(rig.home.control, rig.clock) as control:
            async with rig.running() as bot:
                await scenario(rig, bot, control)

    play(whole())


def test_every_command_has_its_handler():
    assert set(HANDLERS) == set(COMMANDS.values())


@pytest.mark.parametrize(
    ("command", "mode", "reason"),
    [
        (PauseTrading(), "paused", "OperatorPause"),
        (ReduceOnly(), "reduce_only", "OperatorReduceOnly"),
        (HaltTrading(), "halted", "OperatorHalt"),
    ],
)
def test_a_command_limits_the_mode_and_says_for_whom(
    tmp_path: Path, command: Command, mode: str, reason: str
):
    async def scenario(_rig: Rig, bot: Running, control: ControlTape) -> None:
        answered = await answer(bot, control.issue(command, reason="fire drill"))
        assert (answered.outcome, answered.actor, answered.error_code) == ("acknowledged", "ada", None)
        assert (bot.state.mode.mode, bot.state.mode.reason, bot.state.mode.actor) == (mode, reason, "ada")
        assert "fire drill" in bot.state.mode.message

    played(tmp_path, scenario)


def test_resume_takes_back_what_operators_demanded_but_not_a_halt(tmp_path: Path):
    async def scenario(_rig: Rig, bot: Running, control: ControlTape) -> None:
        for command in (PauseTrading(), ReduceOnly()):
            await answer(bot, control.issue(command))
        answered = await answer(bot, control.issue(ResumeTrading()))
        assert "OperatorPause and OperatorReduceOnly taken back" in answered.message
        assert bot.state.mode.mode == "running"
        await answer(bot, control.issue(HaltTrading()))
        answered = await answer(bot, control.issue(ResumeTrading()))
        assert answered.outcome == "acknowledged"
        assert "the mode is halted (OperatorHalt" in answered.message
        assert bot.state.mode.mode == "halted"
        bot.bot._look_again()  # what the signal of `tickertape resume --confirm` does
        assert bot.state.mode.mode == "running"

    played(tmp_path, scenario)


def test_an_operators_demand_stands_after_a_restart_also_one_that_was_hidden(tmp_path: Path):
    async def whole() -> None:
        rig = Rig(tmp_path)
        with ControlTape(rig.home.control, rig.clock) as control:
            async with rig.running() as bot:
                await answer(bot, control.issue(HaltTrading()))
                await answer(bot, control.issue(ReduceOnly()))
                for _ in range(30):  # changes of the mode that would push a demand out of the last ones
                    bot.context.modes.demand(bot.context.modes.mode, "KillSwitch", "again", "ada")
                    bot.context.modes.withdraw("KillSwitch")
                bot.bot._look_again()
                assert bot.state.mode.reason == "OperatorReduceOnly"
                await bot.kill()
            async with rig.running() as bot:
                assert (bot.state.mode.mode, bot.state.mode.actor) == ("reduce_only", "ada")
                await answer(bot, control.issue(ResumeTrading()))
            async with rig.running() as bot:
                assert bot.state.mode.mode == "running"

    play(whole())


def test_an_expired_command_does_nothing(tmp_path: Path):
    async def scenario(_rig: Rig, bot: Running, control: ControlTape) -> None:
        answered = await answer(bot, control.issue(PauseTrading(), seconds=-1))
        assert (answered.outcome, answered.error_code) == ("expired", "CFG_014")
        assert bot.state.mode.mode == "running"

    played(tmp_path, scenario)


def test_a_command_against_another_generation_does_nothing(tmp_path: Path):
    async def scenario(_rig: Rig, bot: Running, control: ControlTape) -> None:
        answered = await answer(bot, control.issue(PauseTrading(), expected_generation=7))
        assert (answered.outcome, answered.error_code) == ("rejected", "CFG_006")
        assert "generation 7, generation 1 is in force" in answered.message
        assert bot.state.mode.mode == "running"

    played(tmp_path, scenario)


def test_a_command_that_nobody_knows_is_rejected_and_the_next_one_taken(tmp_path: Path):
    async def scenario(rig: Rig, bot: Running, control: ControlTape) -> None:
        strange = CommandIssued(
            command_id="c-strange",
            name="Explode",
            arguments={},
            actor="ada",
            reason="",
            expected_generation=None,
            expires_at=rig.clock.now_ns() + SECOND,
        )
        answered = await answer(bot, control.put(strange))
        assert (answered.outcome, answered.error_code) == ("rejected", "CFG_005")
        assert (await answer(bot, control.issue(PauseTrading()))).outcome == "acknowledged"

    played(tmp_path, scenario)


def test_a_replayed_command_does_nothing_also_after_a_restart(tmp_path: Path):
    async def whole() -> None:
        rig = Rig(tmp_path)
        with ControlTape(rig.home.control, rig.clock) as control:
            async with rig.running() as bot:
                first = control.issue(PauseTrading(), idempotency_key="k")
                await answer(bot, first)
                await answer(bot, control.issue(ResumeTrading()))
            async with rig.running() as bot:
                control.issue(PauseTrading(), command_id=first)
                again = await answer(bot, control.issue(PauseTrading(), idempotency_key="k"))
                assert (again.outcome, again.error_code) == ("rejected", "CFG_015")
                other = await answer(bot, control.issue(PauseTrading(), idempotency_key="k", actor="bob"))
                assert other.outcome == "acknowledged"  # a key is its owner's
                assert not bot.events(CommandAnswered, command_id=first)
                assert len(bot.events(ModeChanged, reason="OperatorPause")) == 1

    play(whole())


def test_what_was_issued_while_the_bot_was_away_is_done_if_it_is_still_valid(tmp_path: Path):
    async def whole() -> None:
        rig = Rig(tmp_path)
        with ControlTape(rig.home.control, rig.clock) as control:
            async with rig.running() as bot:
                await answer(bot, control.issue(ReduceOnly()))
            late, valid = control.issue(HaltTrading(), seconds=1), control.issue(PauseTrading())
            rig.clock.advance(2)
            async with rig.running() as bot:
                assert (await answer(bot, late)).outcome == "expired"
                assert (await answer(bot, valid)).outcome == "acknowledged"
                assert bot.state.mode.mode == "paused"

    play(whole())


def test_a_control_tape_that_is_replaced_repeats_nothing(tmp_path: Path):
    async def whole() -> None:
        rig = Rig(tmp_path / "home")
        with ControlTape(rig.home.control, rig.clock) as control:
            async with rig.running() as bot:
                await answer(bot, control.issue(PauseTrading()))
                control.close()
                shutil.copy(rig.home.control, tmp_path / "copy.db")
                await asyncio_wait_for_resume(rig, bot)
                for name in ("control.db", "control.db-wal", "control.db-shm"):
                    (rig.home.path / name).unlink(missing_ok=True)
                shutil.copy(tmp_path / "copy.db", rig.home.control)
                with ControlTape(rig.home.control, rig.clock) as restored:
                    await answer(bot, restored.issue(CancelOrders()))
                assert bot.state.mode.mode == "running"

    async def asyncio_wait_for_resume(rig: Rig, bot: Running) -> None:
        with ControlTape(rig.home.control, rig.clock) as control:
            await answer(bot, control.issue(ResumeTrading()))

    play(whole())


def test_what_is_older_than_the_answers_that_are_remembered_is_not_done_again(tmp_path: Path):
    async def whole() -> None:
        rig = Rig(tmp_path / "home")
        with ControlTape(rig.home.control, rig.clock) as control:
            async with rig.running() as bot:
                first = control.issue(PauseTrading(), seconds=3600)
                await answer(bot, first)
                old = control.writer.path.parent.parent / "old.db"
                control.close()
                shutil.copy(rig.home.control, old)
                with ControlTape(rig.home.control, rig.clock) as more:
                    for _ in range(RECENT_COMMANDS):
                        rig.clock.advance(0.001)
                        last = more.issue(ResumeTrading())
                    await answer(bot, last)
                assert first not in bot.state.control.answers
                for name in ("control.db", "control.db-wal", "control.db-shm"):
                    (rig.home.path / name).unlink(missing_ok=True)
                shutil.copy(old, rig.home.control)
                await bot.until(lambda: len(bot.events(CommandAnswered, command_id=first)) == 2)
                assert bot.events(CommandAnswered, command_id=first)[1].error_code == "CFG_015"
                assert bot.state.mode.mode == "running"

    play(whole())


def test_a_control_tape_that_cannot_be_read_is_said_once_and_trading_goes_on(tmp_path: Path):
    async def whole() -> None:
        rig = Rig(tmp_path)
        rig.home.control.write_bytes(b"this is no database, but long enough to be looked at" * 100)
        async with rig.running() as bot:
            await bot.until(lambda: [code for code in bot.codes() if code.startswith("JRNL_")])
            assert (await bot.enter()).symbol == PAIR
            assert len([code for code in bot.codes() if code.startswith("JRNL_")]) == 1
            rig.home.control.unlink()
            with ControlTape(rig.home.control, rig.clock) as control:
                assert (await answer(bot, control.issue(PauseTrading()))).outcome == "acknowledged"

    play(whole())


def test_without_a_control_tape_the_bot_trades_and_says_nothing(tmp_path: Path):
    async def whole() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await bot.enter()
            assert bot.codes() == []

    play(whole())


def test_a_restart_ends_with_75_and_its_answer_is_on_the_tape_before(tmp_path: Path):
    async def scenario(_rig: Rig, bot: Running, control: ControlTape) -> None:
        command_id = control.issue(RestartBot(), reason="new release")
        assert (await answer(bot, command_id)).outcome == "acknowledged"
        await bot.until(lambda: bot.events(BotStopped))
        (stopped,) = bot.events(BotStopped)
        assert stopped.exit_code == 75
        assert "new release" in stopped.reason

    played(tmp_path, scenario)


def test_a_restart_is_not_read_again_by_the_next_run(tmp_path: Path):
    async def whole() -> None:
        rig = Rig(tmp_path)
        with ControlTape(rig.home.control, rig.clock) as control:
            async with rig.running() as bot:
                control.issue(RestartBot(), seconds=3600)
                await bot.until(lambda: bot.events(BotStopped))
            async with rig.running() as bot:
                await answer(bot, control.issue(PauseTrading()))
                assert not bot.events(CommandAnswered, name="RestartBot")

    play(whole())


def test_cancelling_says_how_many_and_leaves_the_next_command_its_turn(tmp_path: Path):
    async def scenario(_rig: Rig, bot: Running, control: ControlTape) -> None:
        answered = await answer(bot, control.issue(CancelOrders(symbol=PAIR)))
        assert answered.message.startswith(f"cancelling 0 working orders of {PAIR}")

    played(tmp_path, scenario)

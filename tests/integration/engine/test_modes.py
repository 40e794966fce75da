"""The mode: the strictest of what is demanded, over restarts too."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.engine import Rig, play
from support.tapes import open_writer, read_all

from trading_bot.contract.events.lifecycle import Mode, ModeChanged
from trading_bot.contract.events.trading import OrderDenied
from trading_bot.domain.state import State
from trading_bot.engine.ledger import Ledger
from trading_bot.engine.modes import ModeKeeper


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with contextlib.closing(open_writer(tmp_path / "journal.db")) as writer:
        yield Ledger(writer, State())


def test_the_strictest_demand_wins_whatever_came_last(ledger: Ledger):
    modes = ModeKeeper(ledger)
    modes.demand(Mode.HALTED, "KillSwitch", "halted by hand", "ada")
    modes.demand(Mode.REDUCE_ONLY, "ClockSkew", "the clock is off")
    assert (modes.mode, ledger.state.mode.reason) == (Mode.HALTED, "KillSwitch")
    modes.withdraw("KillSwitch")
    assert (modes.mode, ledger.state.mode.reason) == (Mode.REDUCE_ONLY, "ClockSkew")
    modes.withdraw("ClockSkew")
    assert modes.mode is Mode.RUNNING


def test_the_same_demand_again_is_no_change(ledger: Ledger):
    modes = ModeKeeper(ledger)
    modes.demand(Mode.PAUSED, "Starting", "one")
    before = ledger.next_seq
    modes.demand(Mode.PAUSED, "Starting", "two")
    modes.withdraw("NeverDemanded")
    assert ledger.next_seq == before


def test_what_a_person_demanded_survives_a_restart(ledger: Ledger):
    modes = ModeKeeper(ledger)
    modes.demand(Mode.REDUCE_ONLY, "Operator", "over the week-end", "ada")
    restarted = ModeKeeper(ledger)
    restarted.restore()
    restarted.demand(Mode.PAUSED, "Starting", "not reconciled yet")
    restarted.withdraw("Starting")
    assert (restarted.mode, ledger.state.mode.actor) == (Mode.REDUCE_ONLY, "ada")


def test_a_persons_demand_survives_a_second_restart_during_the_start_of_the_first(ledger: Ledger):
    modes = ModeKeeper(ledger)
    modes.demand(Mode.REDUCE_ONLY, "Operator", "over the week-end", "ada")
    for _ in range(2):
        modes = ModeKeeper(ledger)
        modes.restore()
        modes.demand(Mode.PAUSED, "Starting", "not reconciled yet")
    modes.withdraw("Starting")
    assert modes.mode is Mode.REDUCE_ONLY


def test_a_demand_that_was_taken_back_does_not_come_again(ledger: Ledger):
    modes = ModeKeeper(ledger)
    modes.demand(Mode.PAUSED, "Operator", "lunch", "ada")
    modes.withdraw("Operator")
    modes.demand(Mode.REDUCE_ONLY, "ClockSkew", "the clock is off")
    restarted = ModeKeeper(ledger)
    restarted.restore()
    assert not restarted.demanded("Operator")


def test_what_the_bot_demanded_itself_is_found_again_not_remembered(ledger: Ledger):
    modes = ModeKeeper(ledger)
    modes.demand(Mode.REDUCE_ONLY, "ClockSkew", "the clock is off")
    restarted = ModeKeeper(ledger)
    restarted.restore()
    assert not restarted.demanded("ClockSkew")


def test_the_kill_switch_is_its_file_and_not_the_tape(ledger: Ledger):
    modes = ModeKeeper(ledger)
    modes.demand(Mode.HALTED, "KillSwitch", "halted by hand", "ada")
    restarted = ModeKeeper(ledger)
    restarted.restore()
    assert not restarted.demanded("KillSwitch")


def test_every_change_says_from_what_to_what_and_who(ledger: Ledger):
    modes = ModeKeeper(ledger)
    modes.demand(Mode.HALTED, "KillSwitch", "halted by hand", "ada")
    ledger.writer.make_durable().result(60)
    (change,) = (envelope.payload for envelope in read_all(ledger.writer.path))
    assert isinstance(change, ModeChanged)
    assert (change.previous, change.mode, change.actor) == (Mode.PAUSED, Mode.HALTED, "ada")


def test_a_journal_that_begins_reduce_only_stays_so_until_somebody_takes_it_back(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, begins="reduce_only")
        async with rig.running() as bot:
            assert (bot.state.mode.mode, bot.state.mode.reason) == (Mode.REDUCE_ONLY, "OperatorReduceOnly")
            await bot.bar("1.20")
            assert bot.events(OrderDenied)[-1].limit == "mode"
        async with rig.running() as bot:
            assert bot.state.mode.mode is Mode.REDUCE_ONLY, "a restart changes nothing about it"
            bot.context.modes.withdraw("OperatorReduceOnly")
            assert bot.state.mode.mode is Mode.RUNNING
        async with rig.running() as bot:
            assert bot.state.mode.mode is Mode.RUNNING

    play(scenario())

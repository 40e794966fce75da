"""Trading settings: the journal's count, and a file that differs has no effect."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.engine import Rig, play

from trading_bot.boot.settings_file import read_config
from trading_bot.contract.errors import OperatorError
from trading_bot.contract.events.lifecycle import SettingsApplied
from trading_bot.engine.settings_source import DEFAULT_CONFIG


def test_the_file_seeds_an_empty_journal_and_never_again(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            (applied,) = bot.events(SettingsApplied)
            assert (applied.generation, applied.source) == (1, "seed")
        rig.write_config(limits={"max_order_notional": 1})
        async with rig.running() as bot:
            assert not bot.events(SettingsApplied)
            assert bot.context.settings == rig.settings
            bot.beat()
            assert bot.state.conditions["ConfigApplied"].status == "False"

    play(scenario())


def test_an_edited_file_is_drift_until_it_is_as_it_was(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            assert bot.state.conditions["ConfigApplied"].status == "True"
            rig.write_config(limits={"max_order_notional": 1})
            bot.beat()
            condition = bot.state.conditions["ConfigApplied"]
            assert (condition.status, condition.reason) == ("False", "Drift")
            assert "differs from generation 1" in condition.message
            bot.beat()
            assert bot.codes().count("CFG_003") == 1
            await bot.enter()  # the file has no effect
            rig.write_config()
            bot.beat()
            assert bot.state.conditions["ConfigApplied"].status == "True"

    play(scenario())


@pytest.mark.parametrize("text", ["symbols: [", "[]", "symbols: nonsense"])
def test_a_file_that_is_not_valid_is_drift_that_says_why(tmp_path: Path, text: str):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.home.config.write_text(text)
            bot.beat()
            condition = bot.state.conditions["ConfigApplied"]
            assert condition.status == "False"
            assert "is not valid and has no effect" in condition.message
            rig.home.config.unlink()
            bot.beat()
            assert bot.state.conditions["ConfigApplied"].status == "True"

    play(scenario())


def test_without_a_file_the_defaults_seed_the_journal(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        rig.home.config.unlink()
        async with rig.starting() as bot:
            assert bot.context.settings == read_config(DEFAULT_CONFIG)

    play(scenario())


def test_a_file_that_cannot_seed_an_empty_journal_stops_the_start(tmp_path: Path):
    rig = Rig(tmp_path)
    rig.home.config.write_text("bar: 3s\n")

    async def scenario() -> None:
        async with rig.starting():
            pass

    with pytest.raises(OperatorError) as failed:
        play(scenario())
    assert failed.value.code == "CFG_001"

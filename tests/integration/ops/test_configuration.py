"""What ops refuses of a change before the bot is asked."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from support.command import PATIENCE
from support.engine import PAIR, STOCK, Rig, play

from exporter.follow import BotView
from exporter.ops.configuration.change import Configuration, Wanted
from exporter.ops.configuration.keeper import Keeper
from trading_bot.contract.errors import OperatorError, TickertapeError


def test_a_symbol_that_is_held_is_refused_before_the_bot_is_asked(tmp_path: Path):
    rig = Rig(tmp_path)
    document = msgspec.to_builtins(rig.settings) | {"symbols": [PAIR]}
    document["strategies"]["last"]["symbols"] = [PAIR]

    async def trade() -> None:
        async with rig.running() as bot:
            await bot.enter(STOCK)

    play(trade())
    faults: list[TickertapeError] = []
    view = BotView(rig.home, rig.clock)
    view.start()
    try:
        assert view.journal.wait_until_caught_up(PATIENCE)
        configuration = Configuration(view, Keeper(rig.home, lambda _: None, faults.append), rig.clock)
        planned = configuration.planned(document)
        with pytest.raises(OperatorError, match=f"{STOCK}: .* held") as refused:
            configuration.application(planned, Wanted(confirm=planned.confirm, restart=True))
        assert refused.value.code == "CFG_018"
        assert refused.value.context["fields"] == ["symbols"]
    finally:
        view.stop()

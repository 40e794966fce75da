"""Whatever is asked of the settings, in whatever order: generations rise one by one, and the file is in force."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.control import ControlTape, applying
from support.engine import Rig, Running
from support.tapes import eventually

from exporter.ops.configuration.keeper import Keeper
from trading_bot.boot.settings_file import read_config
from trading_bot.contract.commands import Command, RollbackSettings
from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events.lifecycle import CommandAnswered, SettingsApplied, SettingsRolledBack
from trading_bot.contract.settings import parse_settings, settings_hash
from trading_bot.journal import TapeReader

LIMITS = st.sampled_from([3000, 4000, 5000, 6000, -1])
"""Tighter, looser, as it is, and invalid."""
BEHIND = st.sampled_from([0, 0, 0, 1, 2])
"""How far the expected generation is behind the one in force."""

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("apply"), LIMITS, BEHIND, st.booleans()),
        st.tuples(st.just("fix"), BEHIND),
        st.tuples(st.just("return"), st.integers(1, 6), BEHIND),
        st.tuples(st.just("repeat"), st.integers(0, 9)),
        st.tuples(st.just("restart bot")),
        st.tuples(st.just("restart ops")),
        st.tuples(st.just("worse")),
    ),
    min_size=1,
    max_size=8,
)


class World:
    """A bot, a control tape and the keeper of the file; the bot and the keeper may end and begin again."""

    def __init__(self, folder: Path) -> None:
        self.rig = Rig(folder)
        self.faults: list[TickertapeError] = []
        self.issued: list[tuple[str, Command, int | None]] = []
        self.keeper = self._new_keeper()

    def _new_keeper(self) -> Keeper:
        keeper = Keeper(self.rig.home, lambda _command_id: None, self.faults.append)
        keeper.start()
        return keeper

    def restart_keeper(self) -> None:
        self.keeper.stop()
        assert self.keeper._thread is not None
        self.keeper._thread.join()  # a process that has ended writes no more either
        self.keeper = self._new_keeper()

    def command(self, bot: Running, step: tuple[Any, ...]) -> tuple[Command, int]:
        """Return the command of a step, and the generation that it names."""
        generation = bot.state.settings.generation
        if step[0] == "return":
            return RollbackSettings(generation=step[1], confirmed=KEYS), generation - step[2]
        document = msgspec.to_builtins(self.rig.settings)
        if step[0] == "fix":
            return applying(parse_settings(document | {"day_starts_at": "01:00"})), generation - step[1]
        document["limits"]["max_order_notional"] = abs(step[1])
        command = applying(parse_settings(document), confirmed=KEYS if step[3] else ())
        if step[1] < 0:
            broken = {**command.settings, "limits": {"max_order_notional": step[1]}}
            command = msgspec.structs.replace(command, settings=broken)
        return command, generation - step[2]


KEYS = ("limits.max_order_notional",)


async def take(world: World, bot: Running, control: ControlTape, step: tuple[Any, ...]) -> None:
    """Do one step with a running bot."""
    if step[0] == "worse":
        world.rig.clock.advance(10)
        bot.beat()
        bot.bot._watch_settings()
        return
    if step[0] == "repeat":
        if world.issued:
            command_id, command, expected = world.issued[step[1] % len(world.issued)]
            control.issue(command, command_id=command_id, expected_generation=expected)
        return
    command, expected = world.command(bot, step)
    command_id = control.issue(command, expected_generation=expected, seconds=3600)
    world.issued.append((command_id, command, expected))
    await bot.until(lambda: command_id in bot.state.control.answers)


async def play(world: World, steps: list[tuple[Any, ...]]) -> None:
    remaining = list(steps)
    with ControlTape(world.rig.home.control, world.rig.clock) as control:
        while True:
            async with world.rig.starting() as bot:
                while remaining:
                    step = remaining.pop(0)
                    if step[0] == "restart bot":
                        break
                    if step[0] == "restart ops":
                        world.restart_keeper()
                    else:
                        await take(world, bot, control, step)
                else:
                    last = control.issue(RollbackSettings(generation=99), expected_generation=None)
                    await bot.until(lambda: last in bot.state.control.answers)  # noqa: B023
                    return


def check(world: World) -> None:
    """Hold tape, file and history to each other."""
    with TapeReader.open(world.rig.home.journal) as reader:
        kinds = (SettingsApplied.KIND, SettingsRolledBack.KIND)
        events: list[Any] = [one.payload for one in reader.read(0, 1000, kinds)]
        answers: list[Any] = [one.payload for one in reader.read(0, 1000, (CommandAnswered.KIND,))]
    assert [event.generation for event in events] == list(range(1, len(events) + 1))
    assert all(event.hash == settings_hash(parse_settings(event.settings)) for event in events)
    assert len({answer.command_id for answer in answers}) == len(answers)
    taken = [event.command_id for event in events if event.command_id is not None]
    assert len(set(taken)) == len(taken)

    def has_converged() -> bool:
        lines = [one for _, one in world.keeper.history.page(1000)]
        generations = [one.generation for one in reversed(lines) if one.applied]
        in_file = settings_hash(read_config(world.rig.home.config))
        return generations == [event.generation for event in events] and in_file == events[-1].hash

    eventually(has_converged)
    assert world.faults == []


def examples(short: int, full: int) -> Callable[..., Any]:
    import os  # noqa: PLC0415 - read when the test is made

    most = full if os.environ.get("TICKERTAPE_LONG") else short
    return settings(
        max_examples=most,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@pytest.mark.timeout(3000)
@examples(12, 200)
@given(steps=STEPS)
def test_generations_rise_one_by_one_and_the_file_is_what_is_in_force(steps: list[tuple[Any, ...]]):
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        try:
            asyncio.run(play(world, steps))
            check(world)
        finally:
            world.keeper.stop()

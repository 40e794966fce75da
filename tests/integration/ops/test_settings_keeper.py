"""File and history follow the journal: after downtime, after a crash between two steps, around an edited file."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.tapes import eventually, open_writer

from exporter.ops.configuration.keeper import EDITED, Keeper
from trading_bot.boot.home import Home
from trading_bot.boot.settings_file import read_config, replace_file, settings_text
from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events.lifecycle import CommandAnswered, SettingsApplied, SettingsRolledBack
from trading_bot.contract.settings import Settings, parse_settings, settings_hash
from trading_bot.journal import TapeWriter

STRATEGIES = {"trend": {"kind": "sma_cross", "symbols": ["EUR/USD"]}}
BY_HAND = "# mine\nsymbols: [EUR/USD]\nstrategies: {trend: {kind: sma_cross, symbols: [EUR/USD]}}\n"


def of(limit: int) -> Settings:
    limits = {"max_order_notional": limit}
    return parse_settings({"symbols": ["EUR/USD"], "strategies": STRATEGIES, "limits": limits})


def applied(generation: int, limit: int, **fields: Any) -> SettingsApplied:
    return SettingsApplied(
        generation=generation,
        hash=settings_hash(of(limit)),
        settings=msgspec.to_builtins(of(limit)),
        **{"source": "seed" if generation == 1 else "command", "actor": "ada", "reason": "test", **fields},
    )


def rolled_back(generation: int, restored: int, limit: int) -> SettingsRolledBack:
    return SettingsRolledBack(
        generation=generation,
        restored_generation=restored,
        hash=settings_hash(of(limit)),
        settings=msgspec.to_builtins(of(limit)),
        actor="bot",
        reason="FeedFresh turned False",
    )


class Place:
    """A home, the tape of its bot, and the errors that a keeper reported."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder).create()
        self.faults: list[TickertapeError] = []
        self.writer: TapeWriter = open_writer(self.home.journal)

    def append(self, *events: Any) -> None:
        for event in events:
            self.writer.append(event)
        self.writer.make_durable().result(60)

    @contextlib.contextmanager
    def keeping(self) -> Iterator[Keeper]:
        keeper = Keeper(self.home, lambda _command_id: msgspec.to_builtins(of(1)), self.faults.append)
        keeper.start()
        yield keeper
        keeper.stop()

    def converge(self, *generations: int | None) -> list[Any]:
        """Run a keeper until the history has these generations, oldest first; return its lines."""
        with self.keeping() as keeper:
            eventually(lambda: keeper.history.total >= len(generations))
            lines = [line for _, line in reversed(keeper.history.page(100))]
        assert [line.generation for line in lines] == list(generations)
        return lines

    def in_file(self) -> str:
        return settings_hash(read_config(self.home.config))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path / "home")
    yield made
    made.writer.close()


def test_the_file_that_seeded_the_journal_stays_as_somebody_wrote_it(place: Place):
    place.home.config.write_text(BY_HAND)
    place.append(applied(1, 5000))
    place.converge(1)
    place.converge(1)
    assert place.home.config.read_text() == BY_HAND


def test_a_home_without_a_file_gets_one_with_the_first_change(place: Place):
    place.append(applied(1, 5000))
    place.converge(1)
    assert not place.home.config.exists()
    place.append(applied(2, 4000))
    place.converge(1, 2)
    assert place.in_file() == settings_hash(of(4000))


def test_what_came_into_force_while_ops_was_away_is_written_when_it_is_back(place: Place):
    place.home.config.write_text(BY_HAND)
    place.home.config.chmod(0o600)
    place.append(applied(1, 5000))
    place.converge(1)
    place.append(applied(2, 4000), applied(3, 3000), rolled_back(4, 2, 4000))
    lines = place.converge(1, 2, 3, 4)
    assert place.in_file() == settings_hash(of(4000))
    assert stat.S_IMODE(place.home.config.stat().st_mode) == 0o600
    assert (lines[3].rolled_back, lines[3].user, lines[3].restored_generation) == (True, "bot", 2)
    assert [change["field"] for change in lines[2].diff] == ["limits.max_order_notional"]
    assert lines[2].previous["limits"]["max_order_notional"] == "4000"
    assert not (place.home.path / EDITED).exists()


@pytest.mark.parametrize("has_file", [True, False])
def test_a_crash_between_file_and_line_leaves_one_line_and_the_right_file(place: Place, has_file: bool):
    place.home.config.write_text(BY_HAND)
    place.append(applied(1, 5000))
    place.converge(1)
    place.append(applied(2, 4000))
    if has_file:
        replace_file(place.home.config, settings_text(of(4000), "written before the crash"))
    before = place.home.config.read_bytes()
    place.converge(1, 2)
    place.converge(1, 2)
    assert place.in_file() == settings_hash(of(4000))
    assert (place.home.config.read_bytes() == before) is has_file
    assert place.faults == []


def test_a_lost_history_is_written_again_from_the_journal(place: Place):
    place.append(applied(1, 5000), applied(2, 4000))
    before = place.converge(1, 2)
    place.home.config_history.unlink()
    assert [line.generation for line in place.converge(1, 2)] == [line.generation for line in before]


def test_an_edited_file_is_left_alone_until_something_else_comes_into_force(place: Place):
    place.home.config.write_text(BY_HAND)
    place.append(applied(1, 5000))
    place.converge(1)
    place.append(applied(2, 4000))
    place.converge(1, 2)
    edited = BY_HAND + "limits: {max_order_notional: 77}\n"
    place.home.config.write_text(edited)
    with place.keeping() as keeper:
        eventually(lambda: keeper.file.hash == settings_hash(of(77)))
    assert place.home.config.read_text() == edited
    place.append(applied(3, 3000))
    lines = place.converge(1, 2, 3)
    assert place.in_file() == settings_hash(of(3000))
    assert (place.home.path / EDITED).read_text() == edited
    assert lines[2].kept_file == EDITED


def test_a_refused_change_is_a_line_that_changes_nothing(place: Place):
    place.home.config.write_text(BY_HAND)
    refusal = CommandAnswered(
        command_id="c", name="ApplySettings", outcome="rejected", message="stale", error_code="CFG_006"
    )
    place.append(applied(1, 5000), refusal)
    lines = place.converge(1, None)
    assert (lines[1].applied, lines[1].validation_result["valid"]) == (False, False)
    assert lines[1].validation_result["errors"][0]["error_code"] == "CFG_006"
    assert place.home.config.read_text() == BY_HAND


def test_another_journal_begins_anew_in_the_same_history(place: Place):
    place.append(applied(1, 5000), applied(2, 4000))
    place.converge(1, 2)
    place.writer.close()
    for name in ("journal.db", "journal.db-wal", "journal.db-shm"):
        (place.home.path / name).unlink(missing_ok=True)
    place.writer = open_writer(place.home.journal, run_id="run-2")
    place.append(applied(1, 4000), applied(2, 3000))
    place.converge(1, 2, 1, 2)
    assert place.in_file() == settings_hash(of(3000))


def test_a_file_that_cannot_be_written_is_said_once_and_written_when_it_can_be(place: Place):
    place.home.config.write_text(BY_HAND)
    place.append(applied(1, 5000))
    place.converge(1)
    in_the_way = place.home.path / ".config.yaml.new"
    in_the_way.mkdir()
    place.append(applied(2, 4000))
    with place.keeping() as keeper:
        eventually(lambda: place.faults)
        assert place.home.config.read_text() == BY_HAND
        in_the_way.rmdir()
        eventually(lambda: keeper.history.total == 2)
    assert [fault.code for fault in place.faults] == ["CFG_017"]
    assert place.in_file() == settings_hash(of(4000))

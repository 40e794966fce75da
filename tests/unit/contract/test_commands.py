from __future__ import annotations

import pytest
from support.events import START

from trading_bot.contract.commands import (
    COMMANDS,
    Command,
    FlattenPositions,
    RollbackSettings,
    decode_command,
)
from trading_bot.contract.errors import NonRetriableError
from trading_bot.contract.events.lifecycle import CommandIssued

LOOSENING = {"AdoptMismatch", "ApplySettings", "ResetBreaker", "ResumeTrading", "RollbackSettings"}


def issued(name, **arguments):
    return CommandIssued(
        command_id="c-1",
        name=name,
        arguments=arguments,
        actor="test",
        reason="for a test",
        expected_generation=1,
        expires_at=START,
    )


def test_a_command_is_read_with_its_arguments():
    assert decode_command(issued("RollbackSettings", generation=3)) == RollbackSettings(generation=3)
    assert decode_command(issued("FlattenPositions")) == FlattenPositions(symbol=None)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Explode", {}),
        ("", {}),
        ("PauseTrading", {"why": "not"}),
        ("RollbackSettings", {}),
        ("RollbackSettings", {"generation": "three"}),
        ("CancelOrders", {"symbol": 5}),
    ],
)
def test_a_command_that_cannot_be_read_is_one_named_error(name, arguments):
    with pytest.raises(NonRetriableError) as caught:
        decode_command(issued(name, **arguments))
    assert caught.value.code == "CFG_005"
    assert caught.value.context == {"command_id": "c-1"}


def test_every_command_is_in_the_table_and_says_whether_it_allows_more_risk():
    assert set(COMMANDS.values()) == set(Command.__subclasses__())
    assert {name for name, command in COMMANDS.items() if command.LOOSENS} == LOOSENING
    assert all(command.__name__ == command.NAME and command.__doc__ for command in COMMANDS.values())

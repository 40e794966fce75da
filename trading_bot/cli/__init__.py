"""The command line `tickertape`: one file a command, loaded when it is asked for."""

from __future__ import annotations


def main() -> None:
    """Run the command line; the process ends with its exit code."""
    from trading_bot.cli.application import run  # noqa: PLC0415 - a start costs what it uses

    run()

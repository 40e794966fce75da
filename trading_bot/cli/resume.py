"""`tickertape resume`: lift a halt. Only this removes the HALT file."""

from __future__ import annotations

from pathlib import Path

import click

from trading_bot.boot.halt import HaltRequest, read_halt
from trading_bot.boot.home import Home
from trading_bot.boot.settings import load_settings
from trading_bot.boot.signals import LOOK_AGAIN_SIGNAL
from trading_bot.cli.options import home_option
from trading_bot.cli.switch import existing_home, holds_beacon, is_halted, tell_once_up, wait_for_mode
from trading_bot.contract.errors import OperatorError, RetriableError


@click.command
@home_option
@click.option("--confirm", is_flag=True, help="Say that trading may begin again. Nothing happens without it.")
def resume(home: Path | None, confirm: bool) -> int:  # noqa: FBT001 - click passes options by name
    """Lift a halt: the bot may trade again.

    Example: tickertape resume --confirm
    """
    folder = existing_home(Home(load_settings(home).home))
    by_file = read_halt(folder.halt)
    request = by_file or _of_the_bot(folder)
    if request is None:
        raise OperatorError("BOT_011", f"there is no {folder.halt}", path=str(folder.halt))
    if not confirm:
        message = f"halted by {request.actor}: {request.reason}. Trading begins again with --confirm"
        raise click.UsageError(message)
    folder.halt.unlink(missing_ok=True)
    pid = tell_once_up(folder, LOOK_AGAIN_SIGNAL)
    if pid is None and (by_file is None or holds_beacon(folder)):
        message = (
            "the bot has ended or just starts: what halts it stands on its journal; ask again once it runs"
        )
        raise RetriableError("BOT_007", message)
    if pid is None:
        click.echo(f"{folder.halt} is removed; no bot runs here")
        return 0
    if not wait_for_mode(folder, halted=False):
        raise RetriableError(
            "BOT_007", f"the bot (process {pid}) does not confirm the end of the halt", pid=pid
        )
    click.echo(f"resumed: the bot (process {pid}) confirms")
    return 0


def _of_the_bot(folder: Home) -> HaltRequest | None:
    """Return what stands for a halt without a file: by a signal, or by an error that only a person lifts."""
    return (
        HaltRequest(actor="the bot", reason="a signal or an error, see its mode")
        if is_halted(folder)
        else None
    )

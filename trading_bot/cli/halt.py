"""`tickertape halt`: stop trading now. Needs the home folder and nothing else."""

from __future__ import annotations

from pathlib import Path

import click

from trading_bot.boot.clock import SystemClock
from trading_bot.boot.halt import UNSAID, HaltRequest, person, write_halt
from trading_bot.boot.home import Home
from trading_bot.boot.settings import load_settings
from trading_bot.boot.signals import HALT_SIGNAL
from trading_bot.cli.options import home_option
from trading_bot.cli.switch import existing_home, tell, wait_for_mode
from trading_bot.contract.errors import OperatorError, RetriableError


@click.command
@home_option
@click.option("--reason", default=UNSAID, help="Why; it stands in the HALT file and on the journal.")
@click.option("--actor", default=None, help="Who.  [default: your user name]")
def halt(home: Path | None, reason: str, actor: str | None) -> int:
    """Stop trading now: no new orders, working orders are cancelled, positions stay.

    Writes the HALT file and signals the bot. A bot that starts later starts halted.

    Example: tickertape halt --reason "fills look wrong"
    """
    folder = existing_home(Home(load_settings(home).home))
    _write(folder, HaltRequest(actor=actor or person(), at=SystemClock().now_ns(), reason=reason))
    pid = tell(folder, HALT_SIGNAL)
    if pid is None:
        click.echo(f"{folder.halt} is written; no bot runs here, the next one starts halted")
        return 0
    if not wait_for_mode(folder, halted=True):
        raise RetriableError("BOT_007", f"the bot (process {pid}) does not confirm the halt", pid=pid)
    click.echo(f"halted: the bot (process {pid}) confirms; lift it with: tickertape resume --confirm")
    return 0


def _write(folder: Home, request: HaltRequest) -> None:
    try:
        write_halt(folder.halt, request)
    except OSError as error:
        # A full or read-only disk must not keep the running bot from halting: the signal alone does it.
        tell(folder, HALT_SIGNAL)
        message = f"{folder.halt} cannot be written ({error.strerror}); a running bot was signalled"
        raise OperatorError("BOT_004", message, path=str(folder.halt)) from error

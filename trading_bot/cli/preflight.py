"""`tickertape preflight`: what the exchange says before money is at stake."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from pathlib import Path

import click

from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.boot.sessions import shipped_hours
from trading_bot.boot.settings import BootSettings, load_settings
from trading_bot.cli.application import FAILED, OK
from trading_bot.cli.doctor import PRINTERS, worst
from trading_bot.cli.options import home_option, output_option
from trading_bot.contract.errors import OperatorError
from trading_bot.contract.settings import Settings
from trading_bot.doctor.finding import Finding, Status
from trading_bot.preflight.checks import Plan, judge
from trading_bot.preflight.settings import settings_to_be
from trading_bot.preflight.survey import survey
from trading_bot.venues.configured import configured_venue


@click.command
@home_option
@output_option
@click.option(
    "--canary", metavar="SYMBOL", help="First write a config.yaml that trades this symbol with tiny limits."
)
def preflight(home: Path | None, output: str, canary: str | None) -> int:
    """Check key, permissions, clock, rules, balances and limits at the exchange, before the bot trades there.

    Sends no order and changes nothing at the exchange. Ends with 1 when a check failed.

    Examples: tickertape preflight · BOT_VENUE__NAME=okxus tickertape preflight --canary BTC/USD
    """
    boot = load_settings(home)
    folder = Home(boot.home).create()
    if canary is not None:
        write_canary(folder, canary)
    findings = asyncio.run(_fly(boot, folder, settings_to_be(folder)))
    PRINTERS[output](findings)
    return FAILED if worst(findings) is Status.FAILED else OK


def write_canary(folder: Home, symbol: str) -> None:
    """Write the canary's settings into a home that has neither journal nor settings.

    Raises:
        OperatorError: BOT_014, this home has its settings already.
    """
    if folder.journal.exists() or folder.config.exists():
        found = folder.journal if folder.journal.exists() else folder.config
        message = f"{found} is there already: the canary begins in a home of its own"
        raise OperatorError("BOT_014", message, path=str(found))
    text = files("trading_bot.preflight").joinpath("canary.yaml").read_text()
    folder.config.write_text(text.replace("SYMBOL", symbol))
    click.echo(f"wrote {folder.config}", err=True)


async def _fly(boot: BootSettings, folder: Home, settings: Settings) -> list[Finding]:
    clock = SystemClock()
    answers = await survey(configured_venue(boot, settings, clock), settings)
    return judge(
        Plan(
            boot=boot,
            settings=settings,
            survey=answers,
            hours=shipped_hours(),
            now_ns=clock.now_ns(),
            is_first_start=not folder.journal.exists(),
            is_halted=folder.halt.exists(),
        )
    )

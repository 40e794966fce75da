"""`tickertape up`: everything on this machine, kept running until Ctrl-C or the end of --duration."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any, Final

import click

from trading_bot.boot import keys
from trading_bot.boot.home import Home
from trading_bot.boot.identity import SUPERVISOR_VARIABLE
from trading_bot.boot.parent import PARENT_VARIABLE
from trading_bot.boot.ports import probe
from trading_bot.boot.settings import HOME_VARIABLE, BootSettings, load_settings, url_host
from trading_bot.boot.signals import stop_event
from trading_bot.cli.monitoring import Beside, monitoring_children
from trading_bot.cli.options import Duration, bar_option, home_option
from trading_bot.cli.own_data import data_options, take_data
from trading_bot.cli.simulation import Simulation
from trading_bot.cli.supervision.child import Child
from trading_bot.cli.supervision.life import Life
from trading_bot.cli.supervision.readiness import bot_is_alive, listens
from trading_bot.cli.supervision.supervisor import Supervisor
from trading_bot.contract.errors import OperatorError
from trading_bot.contract.events.lifecycle import Supervisor as SupervisorName
from trading_bot.journal.locks import Lock
from trading_bot.market_data.stored import stored_in

BOT: Final = "bot"


@click.command
@home_option
@bar_option("1s")
@click.option("--duration", type=Duration(), help="Stop after this time, e.g. 60s.  [default: until Ctrl-C]")
@click.option("--with", "beside", type=Beside(), default=(), help="Monitoring programs on PATH to run too.")
@data_options
def up(
    home: Path | None,
    bar: str,
    duration: float | None,
    beside: tuple[str, ...],
    data: Path | None,
    **about: Any,
) -> int:
    """Run everything: the simulated exchange, the bot, the exporter and ops, each a process of its own.

    A process that dies is started again. Ctrl-C stops everything cleanly within 5 s.

    With --data it plays your own bars instead of the bundled ones, and the bot trades them. With
    --with prometheus,alertmanager it runs those too, scraping this bot, where BOT_PROMETHEUS_URL and
    BOT_ALERTMANAGER_URL say.

    Examples: tickertape up --duration 60s · tickertape up --data btc.csv --symbol BTC/USD
    · tickertape up --with prometheus,alertmanager
    """
    stop = stop_event()
    settings = load_settings(home)
    folder = Home(settings.home).create()
    lock = _only_one(folder)
    try:
        _probe_all(settings)
        for line in take_data(folder, data, **about):
            click.echo(line)
        children = _children(settings, folder, bar) + monitoring_children(beside, settings, folder, say)
        market_time = Simulation(settings).market_time if settings.is_simulated else nothing_known
        life = Life(folder, children, say, market_time)
        supervisor = Supervisor(children, stops_first=BOT, say=say, every_look=life.look)
        supervisor.start_due()
        click.echo(introduction(settings, folder))
        supervisor.run(stop, duration)
        click.echo("stopped: everything has ended")
    finally:
        lock.release()
    return 0


def say(line: str) -> None:
    """Print a line about the processes."""
    click.echo(line)


def nothing_known() -> None:
    """Return no market time: a real venue's is the wall clock's."""


def _only_one(home: Home) -> Lock:
    try:
        return Lock.acquire(home.up)
    except OperatorError as error:
        if error.code != "JRNL_003":
            raise
        message = f"another `tickertape up` runs on {home.path} (process {error.context['owner']})"
        raise OperatorError("BOT_013", message, **error.context) from error


def _probe_all(settings: BootSettings) -> None:
    if settings.is_simulated:
        probe(settings.host, settings.exchange_port, "BOT_EXCHANGE_PORT")
    probe(settings.host, settings.metrics_port, "BOT_METRICS_PORT")
    probe(settings.host, settings.api_port, "BOT_API_PORT")
    probe(settings.host, settings.stream_port, "BOT_STREAM_PORT")


def _children(settings: BootSettings, home: Home, bar: str) -> list[Child]:
    environment = {
        **os.environ,
        HOME_VARIABLE: str(home.path),
        PARENT_VARIABLE: str(os.getpid()),
        SUPERVISOR_VARIABLE: SupervisorName.UP,
    }
    program = command_line()
    host = settings.host
    wanted = {
        "exchange": (["exchange", "--bar", bar], listens(host, settings.exchange_port)),
        BOT: (["run", "--bar", bar], bot_is_alive(home.beacon)),
        "exporter": (["exporter"], listens(host, settings.metrics_port)),
        "ops": (["ops"], listens(host, settings.api_port)),
    }
    if not settings.is_simulated:
        del wanted["exchange"]
    return [
        Child(
            name,
            [*program, *arguments],
            environment=environment,
            output=home.logs / f"{name}.out",
            is_ready=is_ready,
        )
        for name, (arguments, is_ready) in wanted.items()
    ]


def command_line() -> list[str]:
    """Return how this installation's `tickertape` is started, so that `ps` shows it by that name."""
    beside = Path(sys.executable).parent / "tickertape"
    if beside.exists():
        return [str(beside)]
    found = shutil.which("tickertape")
    return [found] if found else [sys.executable, "-m", "trading_bot"]


def played(home: Home) -> str:
    """Return what the exchange of this home plays."""
    own = sorted(stored_in(home.data))
    return f"your data of {', '.join(own)}" if own else "real market data"


def introduction(settings: BootSettings, home: Home) -> str:
    """Return what runs where, the read key, and three commands to try."""
    host = url_host(settings.host)
    key = keys.read_key(home.read_key)
    exchange = settings.venue_url or f"{settings.venue.name} itself"
    shown = home.path.relative_to(Path.cwd()) if home.path.is_relative_to(Path.cwd()) else home.path
    where = "" if shown == Path(".tickertape") else f" --home {shown}"
    return "\n".join(
        (
            f"tickertape {settings.name}: home {home.path}",
            "",
            f"  exchange  {exchange}" + (f"  (simulated, {played(home)})" if settings.is_simulated else ""),
            "  bot       trades; its tape is journal.db in the home folder",
            f"  exporter  http://{host}:{settings.metrics_port}/metrics",
            f"  ops       http://{host}:{settings.api_port}/api/v1",
            f"  stream    ws://{host}:{settings.stream_port}/api/v1/stream",
            f"  read key  {key}  (in {home.read_key})",
            "",
            "Try, in another terminal:",
            f'  curl -s -H "X-API-Key: $(cat {shown}/api-key)" http://{host}:{settings.api_port}/api/v1/summary',
            f"  curl -s http://{host}:{settings.metrics_port}/metrics",
            f"  {command_line()[0]} status{where}",
            "",
        )
    )

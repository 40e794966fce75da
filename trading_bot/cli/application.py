"""The group of all commands, and the one place where an error becomes a line and an exit code."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from trading_bot.contract.errors.definition import TickertapeError

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
RESTART: Final = 75
"""Exit codes; a supervisor starts a process that ended with ``RESTART`` again at once."""

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "up": ("trading_bot.cli.up:up", "Run everything on this machine: exchange, bot, exporter, ops."),
    "run": ("trading_bot.cli.processes:run", "Run the bot."),
    "exporter": ("trading_bot.cli.processes:exporter", "Run the exporter: /metrics and OTLP."),
    "ops": ("trading_bot.cli.processes:ops", "Run the ops endpoint: /api/v1."),
    "exchange": ("trading_bot.cli.exchange:exchange", "Run the simulated exchange, or switch its faults."),
    "data": ("trading_bot.cli.data:data", "List market data, check a file of your own, take it into a home."),
    "status": ("trading_bot.cli.status:status", "Show what the bot does, also when it is dead."),
    "trace": ("trading_bot.cli.trace:trace", "Show one trace: its spans, events and errors."),
    "stream": ("trading_bot.cli.stream:stream", "Print trades, events, quotes and state as they come."),
    "doctor": ("trading_bot.cli.doctor:doctor", "Check a home folder and what runs on it, with remedies."),
    "preflight": (
        "trading_bot.cli.preflight:preflight",
        "Ask the exchange what matters before the bot trades there.",
    ),
    "key": ("trading_bot.cli.key:key", "Make, list and revoke keys for the ops endpoint."),
    "user": ("trading_bot.cli.user:user", "Add, list and remove people who sign in to the ops endpoint."),
    "config": ("trading_bot.cli.config:config", "Show, check, change and take back trading settings."),
    "control": ("trading_bot.cli.control:control", "Ask something of the bot, and wait for its answer."),
    "workflow": ("trading_bot.cli.workflow:workflow", "Routine work by name: execute, follow, check a file."),
    "halt": ("trading_bot.cli.halt:halt", "Stop trading now; works with everything else dead."),
    "resume": ("trading_bot.cli.resume:resume", "Lift a halt."),
}
"""Name to import string and summary. The summary stands here so that help loads no command."""


class LazyGroup(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command of that name, None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Examples: tickertape up --duration 60s · tickertape status --output json · tickertape halt",
)
@click.version_option(package_name="tickertape", prog_name="tickertape")
def tickertape() -> None:
    """A trading bot whose every fact is written down once, on a tape, and read everywhere."""


def run(arguments: list[str] | None = None) -> None:
    """Run one command and end the process: 0 fine, 1 failed, 2 usage, 75 restart wanted.

    An error of the catalogue is one line. Anything else is a defect and keeps its traceback.
    """
    try:
        answer = tickertape.main(arguments, prog_name="tickertape", standalone_mode=False)
    except click.Abort:
        sys.exit(FAILED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except _catalogued() as error:
        click.echo(click.style(f"tickertape: {error.line()}", fg="red"), err=True)
        sys.exit(FAILED)
    sys.exit(_exit_code(answer))


def _catalogued() -> type[TickertapeError]:
    """Return the errors with a code. Called when an exception is there: `--help` does not load them."""
    from trading_bot.contract.errors.definition import TickertapeError  # noqa: PLC0415 - see above

    return TickertapeError


def _exit_code(answer: Any) -> int:
    return answer if isinstance(answer, int) else OK

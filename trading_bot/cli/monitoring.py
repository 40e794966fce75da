"""Prometheus and Alertmanager beside the processes, with the project's own rule and scrape files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click
import msgspec

from trading_bot.boot.home import Home
from trading_bot.boot.ports import probe
from trading_bot.boot.settings import BootSettings, url_host
from trading_bot.cli.supervision.child import Child
from trading_bot.cli.supervision.readiness import listens

FILES: Final = Path(__file__).parents[2] / "alerts"
COPIED: Final = ("prometheus.yml", "generated/*.yml", "templates/*.tmpl")
DELIVERY: Final = "alertmanager.ops.yml"
"""Of Alertmanager's files the one that tells the ops endpoint; its key is at hand here."""
PUBLIC_URL: Final = "http://127.0.0.1:8000"
"""What links in the rules begin with, and where the ops endpoint is told, until a setting says otherwise."""
KEYS: Final = {"scrape/api-key": "api-key", "secrets/operate-key": "operate-key"}
"""Where the programs look for a key, and which of the home's it is: to scrape, and to tell of alerts."""
TARGETS: Final = {"prometheus": "prometheus", "alertmanager": "alertmanagers"}
"""Folder of the file that says where a program is."""
FOLDER: Final = "monitoring"
"""In the home: a copy of the files, with targets of this home, and the programs' data."""


class Program(msgspec.Struct, frozen=True):
    """A monitoring program: what it may be called, where it listens, and how it is started."""

    names: tuple[str, ...]
    variable: str
    default: str
    arguments: Callable[[Path, str], list[str]]


def _prometheus(folder: Path, address: str) -> list[str]:
    return [
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'prometheus-data'}",
        f"--web.listen-address={address}",
        "--enable-feature=exemplar-storage",
        "--rules.alert.resend-delay=5s",  # a page that Alertmanager missed while it started is soon said again
    ]


def _alertmanager(folder: Path, address: str) -> list[str]:
    return [
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",  # or it opens a gossip port on every address
    ]


PROGRAMS: Final = {
    "prometheus": Program(("prometheus",), "BOT_PROMETHEUS_URL", "http://127.0.0.1:9090", _prometheus),
    "alertmanager": Program(
        ("alertmanager", "prometheus-alertmanager"),
        "BOT_ALERTMANAGER_URL",
        "http://127.0.0.1:9093",
        _alertmanager,
    ),
}


class Beside(click.ParamType[tuple[str, ...]]):
    """Names of monitoring programs, separated by commas."""

    name = "names"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Return the names, in the order in which they are started."""
        wanted = tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else tuple(value)
        unknown = set(wanted) - set(PROGRAMS)
        if unknown:
            self.fail(f"{', '.join(sorted(unknown))}: expected some of {', '.join(PROGRAMS)}", param, ctx)
        return tuple(name for name in PROGRAMS if name in wanted)


def monitoring_children(
    wanted: Sequence[str], settings: BootSettings, home: Home, say: Callable[[str], None]
) -> list[Child]:
    """Return the programs that are wanted and on PATH, ready to be started; say where they are, or that not.

    Raises:
        OperatorError: BOT_005, the port of one is taken.
    """
    found = {name: path for name in wanted if (path := _find(PROGRAMS[name], say))}
    if not found:
        return []
    folder = home.path / FOLDER
    _write_files(folder, settings, found)
    _link_keys(folder)
    return [_child(name, path, folder, settings, home, say) for name, path in found.items()]


def _find(program: Program, say: Callable[[str], None]) -> str | None:
    path = next((path for name in program.names if (path := shutil.which(name))), None)
    if path is None:
        say(f"{program.names[0]} is not on PATH: going on without it")
    return path


def _write_files(folder: Path, settings: BootSettings, found: dict[str, str]) -> None:
    host = url_host(settings.host)
    targets = {"targets": f"{host}:{settings.metrics_port}", "ops": f"{host}:{settings.api_port}"}
    targets |= {TARGETS[name]: _address(name, settings) for name in found}
    _copy(folder, f"http://{targets['ops']}", settings.public_url)
    for kind, address in targets.items():
        (folder / kind).mkdir(exist_ok=True)
        (folder / kind / "up.yml").write_text(f'- targets: ["{address}"]\n', encoding="utf-8")


def _copy(folder: Path, ops: str, public_url: str | None) -> None:
    """Copy rules and configuration, with the addresses of this home; a rule that is gone is gone there too."""
    shutil.rmtree(folder / "generated", ignore_errors=True)
    for path in (path for pattern in COPIED for path in sorted(FILES.glob(pattern))):
        copy = folder / path.relative_to(FILES)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(
            path.read_text(encoding="utf-8").replace(PUBLIC_URL, public_url or ops), encoding="utf-8"
        )
    delivery = (FILES / DELIVERY).read_text(encoding="utf-8").replace(PUBLIC_URL, ops)
    (folder / "alertmanager.yml").write_text(delivery, encoding="utf-8")


def _link_keys(folder: Path) -> None:
    """Put the home's keys where the programs look for them; they are read whenever they are used."""
    for name, key in KEYS.items():
        link = folder / name
        link.parent.mkdir(mode=0o700, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(Path("..", "..", key))


def _child(
    name: str, path: str, folder: Path, settings: BootSettings, home: Home, say: Callable[[str], None]
) -> Child:
    program, address = PROGRAMS[name], _address(name, settings)
    host, _, port = address.rpartition(":")
    probe(host, int(port), program.variable)
    say(f"{name} at http://{address}")
    return Child(
        name,
        [*_ends_with_its_parent(), path, *program.arguments(folder, address)],
        environment=dict(os.environ),
        output=home.logs / f"{name}.out",
        is_ready=listens(host, int(port)),
    )


def _address(name: str, settings: BootSettings) -> str:
    configured = {"prometheus": settings.prometheus_url, "alertmanager": settings.alertmanager_url}[name]
    parts = urlsplit(configured or PROGRAMS[name].default)
    return f"{parts.hostname}:{parts.port or urlsplit(PROGRAMS[name].default).port}"


def _ends_with_its_parent() -> list[str]:
    """Return what makes a foreign program end when `up` is killed; nothing where util-linux is too old."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM"] if setpriv else []

"""A real Prometheus with the project's own scrape file, and questions to it."""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from support.command import free_ports, wait_until
from support.pages import get

ALERTS = Path(__file__).parents[2] / "alerts"


class Prometheus(msgspec.Struct, frozen=True):
    """A running server."""

    port: int

    def series(self, expression: str) -> list[dict[str, Any]]:
        """Return the series that an expression gives now; raise with the server's words when it refuses."""
        answer = json.loads(get(self.port, f"/api/v1/query?query={quote(expression)}").body)
        assert answer["status"] == "success", f"{expression}: {answer['error']}"
        return list(answer["data"]["result"])

    def has(self, expression: str) -> bool:
        """Whether an expression gives a number now."""
        return any(not math.isnan(float(series["value"][1])) for series in self.series(expression))

    def is_ready(self) -> bool:
        with contextlib.suppress(OSError):
            return get(self.port, "/-/ready").status == 200
        return False


@contextlib.contextmanager
def scraping(
    program: Path,
    folder: Path,
    exporter_port: int,
    ops: tuple[int, str] | None = None,
    rules: Mapping[str, str] | None = None,
) -> Iterator[Prometheus]:
    """Run Prometheus on ``alerts/prometheus.yml`` with one target.

    Args:
        program: the server's.
        folder: where its files and data are made.
        exporter_port: of the exporter.
        ops: port and read key of the ops endpoint, where it is scraped too.
        rules: by file name, in place of those that are committed.
    """
    shutil.copytree(ALERTS, folder)
    for name, text in (rules or {}).items():
        (folder / "generated" / name).write_text(text)
    (folder / "targets").mkdir()
    (folder / "targets" / "test.yml").write_text(f'- targets: ["127.0.0.1:{exporter_port}"]\n')
    if ops is not None:
        (folder / "ops").mkdir()
        (folder / "ops" / "test.yml").write_text(f'- targets: ["127.0.0.1:{ops[0]}"]\n')
        (folder / "scrape").mkdir()
        (folder / "scrape" / "api-key").write_text(ops[1])
    server = Prometheus(free_ports(1)[0])
    process = subprocess.Popen(
        [
            program,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{server.port}",
            "--enable-feature=exemplar-storage",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert wait_until(server.is_ready)
        yield server
    finally:
        process.kill()
        process.wait()

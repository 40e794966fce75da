"""A real Prometheus and a real Alertmanager on a real floor, and somebody who is paged."""

from __future__ import annotations

import contextlib
import http.server
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from alerts.__main__ import main as write_rules
from alerts.build import seconds_of
from support.command import free_ports, wait_until
from support.documents import read_yaml
from support.pages import get
from support.programs import Programs
from support.prometheus_server import ALERTS, Prometheus

ALWAYS: Final = "Watchdog"
STARVED: Final = 0.9
"""Seconds of a scrape; it is given up after one."""


class Page(msgspec.Struct, frozen=True):
    """One alert of one message: when it arrived, at whom, and what it says."""

    at: float
    receiver: str
    alert: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.alert["labels"]["alertname"])

    @property
    def status(self) -> str:
        return str(self.alert["status"])


class Paged:
    """Takes what Alertmanager sends: the webhook's documents, and chat messages as Slack gets them."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.documents: list[dict[str, Any]] = []
        self.chats: list[dict[str, Any]] = []
        self.signs_of_life = 0
        told = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told.take(self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="paged", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def take(self, path: str, body: dict[str, Any]) -> None:
        """Keep a message."""
        if path == "/chat":
            self.chats.append(body)
        elif path == "/dead-man":
            self.signs_of_life += 1
        else:
            self.documents.append(body)
            self.pages += [Page(time.monotonic(), body["receiver"], alert) for alert in body["alerts"]]

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """The monitoring while it runs."""

    prometheus: Prometheus
    alertmanager: int
    paged: Paged
    waits: dict[str, int]
    """By alert: seconds of its ``for``, as scaled."""

    def burning(self) -> set[str]:
        """Return what is pending or firing in Prometheus, or still known to Alertmanager."""
        told = json.loads(get(self.prometheus.port, "/api/v1/alerts").body)["data"]["alerts"]
        known = json.loads(get(self.alertmanager, "/api/v2/alerts").body)
        return {alert["labels"]["alertname"] for alert in (*told, *known)} - {ALWAYS}

    def fired(self, seconds: float) -> set[str]:
        """Return what has fired in the last seconds, sent or not."""
        asked = f'count by (alertname) (count_over_time(ALERTS{{alertstate="firing"}}[{seconds:.0f}s]))'
        return {one["metric"]["alertname"] for one in self.prometheus.series(asked)} - {ALWAYS}

    def starved(self, seconds: float) -> bool:
        """Whether this machine was too busy: a page of metrics took as long as a scrape may."""
        asked = f'max_over_time(scrape_duration_seconds{{job=~"tickertape.*"}}[{seconds:.0f}s]) > {STARVED}'
        return self.prometheus.has(asked)


@contextlib.contextmanager
def watching(
    programs: Programs, folder: Path, targets: tuple[int, int, str], *, scale: float, levels: bool
) -> Iterator[Watch]:
    """Run both programs on the project's files, with rules at ``1/scale``.

    Args:
        programs: where the programs are found.
        folder: a new folder for their files.
        targets: the exporter's port, ops' port and its read key.
        scale: what windows, ``for`` and ``keep_firing_for`` are divided by.
        levels: whether service levels are recorded too, and so can page.
    """
    paged = Paged()
    ports = free_ports(2)
    waits = _write(folder, paged.url, targets, ports, scale, levels=levels)
    paged.start()
    started = [
        _start(command, folder / f"{name}.out") for name, command in _commands(programs, folder, ports)
    ]
    try:
        server = Prometheus(ports[0])
        assert wait_until(server.is_ready), (folder / "prometheus.out").read_text()[-2000:]
        watch = Watch(prometheus=server, alertmanager=ports[1], paged=paged, waits=waits)
        assert wait_until(lambda: paged.signs_of_life > 0), (folder / "alertmanager.out").read_text()[-2000:]
        yield watch
    finally:
        for process in started:
            process.kill()
            process.wait()
        paged.stop()
        for name, told in (("webhook", paged.documents), ("chat", paged.chats)):
            (folder / f"{name}.json").write_text(json.dumps(told, indent=2), encoding="utf-8")


def _write(
    folder: Path, url: str, targets: tuple[int, int, str], ports: list[int], scale: float, *, levels: bool
) -> dict[str, int]:
    shutil.copytree(ALERTS, folder, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    write_rules(["--folder", str(folder), "--time-scale", str(scale), "--ops", url, "--chat", "--dead-man"])
    if not levels:
        for path in (folder / "generated").glob("level-*.yml"):
            path.unlink()
    exporter, ops, key = targets
    texts = {
        "targets/drill.yml": f'- targets: ["127.0.0.1:{exporter}"]\n',
        "ops/drill.yml": f'- targets: ["127.0.0.1:{ops}"]\n',
        "prometheus/drill.yml": f'- targets: ["127.0.0.1:{ports[0]}"]\n',
        "alertmanagers/drill.yml": f'- targets: ["127.0.0.1:{ports[1]}"]\n',
        "scrape/api-key": key,
        "secrets/operate-key": key,
        "secrets/chat-url": f"{url}/chat",
        "secrets/dead-man-url": f"{url}/dead-man",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return _waits(folder / "generated")


def _waits(folder: Path) -> dict[str, int]:
    rules = [
        rule
        for path in folder.glob("*.yml")
        for group in read_yaml(path)["groups"]
        for rule in group["rules"]
    ]
    return {rule["alert"]: seconds_of(rule.get("for", "0s")) for rule in rules if "alert" in rule}


def _commands(programs: Programs, folder: Path, ports: list[int]) -> Iterator[tuple[str, list[str]]]:
    yield (
        "alertmanager",
        [
            str(programs.find("alertmanager")),
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'alertmanager-data'}",
            f"--web.listen-address=127.0.0.1:{ports[1]}",
            "--cluster.listen-address=",
        ],
    )
    yield (
        "prometheus",
        [
            str(programs.find("prometheus")),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{ports[0]}",
            "--enable-feature=exemplar-storage",
            # what fires before Alertmanager is discovered, 5 s after the start, is said again after this
            "--rules.alert.resend-delay=5s",
        ],
    )


def _start(command: list[str], output: Path) -> subprocess.Popen[bytes]:
    with output.open("wb") as file:
        return subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)

"""Active alerts: asked of Alertmanager by a thread, served with their age."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, Final
from urllib.request import ProxyHandler, Request, build_opener

import msgspec

from trading_bot.contract.codec import redact
from trading_bot.contract.errors import describe
from trading_bot.domain.clock import SECOND, Clock

PATH: Final = "/api/v2/alerts?active=true&silenced=false&inhibited=false"
POLL_SECONDS: Final = 5.0
TIMEOUT_SECONDS: Final = 3.0
LARGEST_ANSWER: Final = 4 * 1024 * 1024
KEPT_NS: Final = 60 * SECOND
"""An answer older than this is no answer."""

NOT_ASKED: Final = "no Alertmanager is asked by this process: BOT_ALERTMANAGER_URL is not set"
NOT_YET: Final = "Alertmanager has not answered yet"
ORDER: Final = {"critical": 0, "warning": 1}
NO_ALARM: Final = "none"
"""The severity of what always fires to show that alerting works, such as Watchdog: nothing is wrong with the bot."""


class ActiveAlert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert that fires. ``since`` is Alertmanager's time, RFC 3339."""

    name: str
    severity: str
    summary: str
    since: str
    labels: dict[str, str]


class SeenAlerts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known: the alerts, the worst first, and when they were asked for; or why they are not known."""

    alerts: tuple[ActiveAlert, ...] | None
    at: int | None
    unknown: str | None


class AlertWatch:
    """Knows the active alerts. Without an address it asks nobody, and says so.

    Args:
        url: Alertmanager's address, or None.
        clock: for the time of the answers.
    """

    def __init__(self, url: str | None = None, clock: Clock | None = None) -> None:
        self._url = url
        self._clock = clock
        self._seen = SeenAlerts(alerts=None, at=None, unknown=NOT_YET if url else NOT_ASKED)
        self._ending = threading.Event()
        # Alertmanager is a neighbour: no proxy of the environment may come between.
        self._opener = build_opener(ProxyHandler({}))

    @property
    def is_asked(self) -> bool:
        """Whether there is an Alertmanager to ask."""
        return self._url is not None

    def start(self) -> None:
        """Begin to ask, in a thread."""
        if self._url is not None:
            threading.Thread(target=self._run, name="alerts", daemon=True).start()

    def stop(self) -> None:
        """Ask no more."""
        self._ending.set()

    def seen(self) -> SeenAlerts:
        """Return what was seen last; alerts that are too old are not known any more."""
        seen = self._seen
        if seen.at is None or self._clock is None or self._clock.now_ns() - seen.at <= KEPT_NS:
            return seen
        return SeenAlerts(
            alerts=None, at=None, unknown=seen.unknown or "Alertmanager has not answered for long"
        )

    def _run(self) -> None:
        while not self._ending.is_set():
            self.ask()
            self._ending.wait(POLL_SECONDS)

    def ask(self) -> None:
        """Ask once; on failure what was seen stays, with its age and the reason."""
        assert self._url is not None
        assert self._clock is not None
        try:
            request = Request(self._url + PATH, headers={"Accept": "application/json"})  # noqa: S310 - http(s) only
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                alerts = read_alerts(answer.read(LARGEST_ANSWER))
            self._seen = SeenAlerts(alerts=alerts, at=self._clock.now_ns(), unknown=None)
        except Exception as error:  # noqa: BLE001 - the thread's loop: whatever Alertmanager does, it is asked again
            fault = f"Alertmanager does not answer: {describe(error)}"
            self._seen = msgspec.structs.replace(self._seen, unknown=fault)


def read_alerts(body: bytes) -> tuple[ActiveAlert, ...]:
    """Return the alerts of an answer of Alertmanager's, the worst first, without those that always fire.

    Raises:
        msgspec.DecodeError: it is not what Alertmanager answers.
    """
    found = sorted(_alerts(msgspec.json.decode(body, type=list[dict[str, Any]])), key=_rank)
    return tuple(found)


def _alerts(rows: list[dict[str, Any]]) -> Iterator[ActiveAlert]:
    for row in rows:
        labels = {str(name): str(value) for name, value in row.get("labels", {}).items()}
        notes = row.get("annotations", {})
        name, severity = labels.pop("alertname", "unnamed"), labels.pop("severity", "unknown")
        if severity == NO_ALARM:
            continue
        yield ActiveAlert(
            name=name,
            severity=severity,
            summary=str(redact(str(notes.get("summary") or notes.get("description") or name), "summary")),
            since=str(row.get("startsAt", "")),
            labels=labels,
        )


def _rank(alert: ActiveAlert) -> tuple[int, str, str]:
    return ORDER.get(alert.severity, len(ORDER)), alert.name, str(sorted(alert.labels.items()))

"""Asks a server on loopback for a page."""

from __future__ import annotations

import http.client
from typing import NamedTuple

from support.command import PATIENCE
from support.scrapes import names, value


class Page(NamedTuple):
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def value(self, name: str, **labels: str) -> float | None:
        return value(self.text, name, **labels)

    @property
    def names(self) -> set[str]:
        return names(self.text)


def get(port: int, path: str, method: str = "GET", timeout: float = PATIENCE, **headers: str) -> Page:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(
            method, path, headers={name.replace("_", "-"): text for name, text in headers.items()}
        )
        answer = connection.getresponse()
        return Page(answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read())
    finally:
        connection.close()

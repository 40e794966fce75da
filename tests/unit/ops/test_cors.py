from __future__ import annotations

import pytest

from exporter.ops.cors import Cors

ORIGIN = "https://board.example.org"


def asked(origin: str | None, method: str = "GET", **headers: str) -> dict[str, str]:
    environ = {"REQUEST_METHOD": method, **headers}
    return environ if origin is None else {**environ, "HTTP_ORIGIN": origin}


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        ((), ORIGIN, None),
        ((ORIGIN,), ORIGIN, ORIGIN),
        ((ORIGIN,), "https://evil.example.org", None),
        ((ORIGIN,), f"{ORIGIN}.evil.example.org", None),
        ((ORIGIN,), "null", None),
        ((ORIGIN,), None, None),
        (("*",), "https://any.example.org", "*"),
    ],
)
def test_an_origin_may_read_answers_when_it_is_one_of_the_setting(origins, origin, allowed):
    headers = dict(Cors(origins).headers(asked(origin)))
    assert headers.get("Access-Control-Allow-Origin") == allowed
    assert "Access-Control-Allow-Credentials" not in headers


def test_a_cache_is_told_that_answers_differ_by_origin():
    assert ("Vary", "Origin") in Cors((ORIGIN,)).headers(asked(None))
    assert Cors(()).headers(asked(ORIGIN)) == []


def test_a_browser_that_asks_first_is_told_methods_and_headers_if_its_origin_may():
    answered: list[tuple[str, dict[str, str]]] = []

    def start(status, headers, _error=None):
        answered.append((status, dict(headers)))

    question = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}
    assert Cors((ORIGIN,)).preflight(asked(ORIGIN, "OPTIONS", **question), start) == []
    ((status, headers),) = answered
    assert status.startswith("204")
    assert "If-Match" in headers["Access-Control-Allow-Headers"]
    for other in (asked("https://evil.example.org", "OPTIONS", **question), asked(ORIGIN, "OPTIONS")):
        assert Cors((ORIGIN,)).preflight(other, start) is None

"""Actions that reach over the network: Prometheus where it is configured, and a webhook that the definition names."""

from __future__ import annotations

import http.client
import math
import urllib.error
import urllib.parse
import urllib.request
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from exporter.ops.workflows.actions.definition import Action, Doing, Outputs, Params, Repeat
from trading_bot.contract.codec import redact
from trading_bot.contract.errors import NonRetriableError, describe

LONGEST_ANSWER: Final = 1024 * 1024
SECONDS: Final = 10.0
SERIES: Final = 20
GOOD: Final = range(200, 300)


class Reply(msgspec.Struct, frozen=True):
    """What a service answered."""

    status: int
    body: bytes


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the address is the one that the definition names."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Have the redirect itself be the answer."""


_opener: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)


def ask(
    url: str, *, data: bytes | None = None, headers: dict[str, str] | None = None, seconds: float
) -> Reply:
    """Return what an address answers, whatever its status.

    Raises:
        NonRetriableError: WF_010, nobody answers there.
    """
    if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
        raise NonRetriableError("WF_010", f"{url[:100]!r} is no http or https address")
    request = urllib.request.Request(url, data=data, headers=headers or {})  # noqa: S310 - checked above
    try:
        with _opener.open(request, timeout=max(0.1, min(seconds, SECONDS))) as answer:
            return Reply(answer.status, answer.read(LONGEST_ANSWER))
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, error.read(LONGEST_ANSWER))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NonRetriableError("WF_010", f"no answer from {url[:100]}: {describe(error)}") from error


class QueryParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The params of ``prometheus.query``."""

    query: Annotated[
        str, Meta(min_length=1, max_length=1_000, description="PromQL", examples=["tradingbot_up"])
    ]
    optional: Annotated[
        bool, Meta(description="go on without an answer where there is none; see error", examples=[True])
    ] = False


class WebhookParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The params of ``notify.webhook``."""

    url: Annotated[
        str,
        Meta(
            pattern=r"^https?://",
            max_length=500,
            description="where to",
            examples=["http://127.0.0.1:9000/hook"],
        ),
    ]
    body: Annotated[dict[str, Any], Meta(description="the JSON to send", examples=[{"text": "restarted"}])]


def query(doing: Doing, params: QueryParams) -> Outputs:
    """Ask Prometheus for the value of an expression at this moment."""
    base = doing.means.settings.prometheus_url
    try:
        series = _series(base, params.query, doing.patience.remaining)
    except NonRetriableError as error:
        if not params.optional:
            raise
        found: Outputs = {"value": None, "series": [], "left_out": 0}
        return {"configured": base is not None, "error": error.message, **found}
    value = series[0]["value"] if len(series) == 1 else None
    left_out = max(0, len(series) - SERIES)
    return {
        "configured": True,
        "error": None,
        "value": value,
        "series": series[:SERIES],
        "left_out": left_out,
    }


def _series(base: str | None, expression: str, seconds: float) -> list[dict[str, Any]]:
    if base is None:
        raise NonRetriableError("WF_010", "BOT_PROMETHEUS_URL is not set: nobody can be asked")
    url = f"{base}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
    reply = ask(url, seconds=seconds)
    try:
        rows = msgspec.json.decode(reply.body)["data"]["result"]
        return [{"labels": row["metric"], "value": _number(row["value"][1])} for row in rows]
    except (msgspec.DecodeError, ValueError, KeyError, TypeError, IndexError) as error:
        message = f"Prometheus answered {reply.status}: {reply.body[:200].decode(errors='replace')}"
        raise NonRetriableError("WF_010", message, query=expression) from error


def notify(doing: Doing, params: WebhookParams) -> Outputs:
    """Send JSON to an address; the key in its header is the same when it is sent again."""
    attempt = doing.attempt
    head = {"workflow": attempt.workflow, "execution_id": attempt.execution_id}
    data = msgspec.json.encode({**head, **redact(params.body)})
    headers = {"Content-Type": "application/json", "Idempotency-Key": attempt.key}
    reply = ask(params.url, data=data, headers=headers, seconds=doing.patience.remaining)
    if reply.status not in GOOD:
        said = reply.body[:200].decode(errors="replace")
        raise NonRetriableError("WF_010", f"the webhook answered {reply.status}: {said}", status=reply.status)
    return {"status": reply.status}


def _number(text: Any) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


ACTIONS: Final = (
    Action(
        name="prometheus.query",
        summary="Ask Prometheus, where BOT_PROMETHEUS_URL says one is.",
        params=QueryParams,
        outputs={
            "configured": "whether there is a Prometheus",
            "error": "why there is no answer",
            "value": "the value, where there is exactly one series",
            "series": "labels and value of the first 20 series",
            "left_out": "how many series are not among them",
        },
        repeat=Repeat.FREE,
        run=query,
    ),
    Action(
        name="notify.webhook",
        summary="Send JSON to an address that the definition names.",
        params=WebhookParams,
        outputs={"status": "the answer's status"},
        repeat=Repeat.ONCE,
        run=notify,
        literal=("url",),
    ),
)

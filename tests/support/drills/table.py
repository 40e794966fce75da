"""The table: each fault, how it begins and ends, and who is paged because of it."""

from __future__ import annotations

import contextlib
import json
import signal
import time
import urllib.error
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from alerts.promql import series
from support.command import wait_until
from support.disks import without_quota
from support.drills.stage import DISK, Stage
from support.holding import ask
from support.workflow_api import WorkflowApi
from trading_bot.contract.telemetry import metrics

SCALE: Final = 60
ON_ITS_WAY: Final = 3.0
"""Seconds until an order without an answer counts as unknown: a bar, and the request's time."""

Act = Callable[[Stage], None]


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """One fault and who is paged because of it."""

    inject: Act
    clear: Act
    before: Act = lambda _stage: None
    """What must be so before the fault; its time does not count."""
    pages: Mapping[str, float] = {}
    """By alert: seconds until its expression must be true, before its ``for``. Empty: nobody is paged."""
    may: tuple[str, ...] = ()
    """Who may be paged, by the moment: for an order on its way, or for what was before the bot was killed."""
    lasts: float = 12.0
    """Seconds that a fault nobody is paged for is left on."""
    scale: float = SCALE
    levels: bool = False
    """Whether service levels are recorded."""


def fault(
    name: str,
    pages: Mapping[str, float] | None = None,
    *,
    may: tuple[str, ...] = (),
    lasts: float = 12.0,
    after: Act | None = None,
    **how: Any,
) -> Drill:
    """Return the drill of a fault of the exchange; ``after`` is what a person does when it is over."""

    def clear(stage: Stage) -> None:
        if name not in ("unreachable", "manual_trade"):
            stage.floor.switch(name, on=False)
        if after is not None:
            after(stage)

    return Drill(
        inject=lambda stage: stage.floor.switch(name, on=True, **how),
        clear=clear,
        pages=pages or {},
        may=may,
        lasts=lasts,
    )


def killing(name: str, pages: Mapping[str, float], **more: Any) -> Drill:
    return Drill(
        inject=lambda stage: stage.floor.kill(name),
        clear=lambda stage: restart(stage, name),
        pages=pages,
        **more,
    )


def restart(stage: Stage, name: str) -> None:
    stage.floor.start(name)
    if name == "exchange":
        floor = stage.floor
        assert wait_until(lambda: floor.answers("BOT_EXCHANGE_PORT", "/sim/clock"), 60)
        floor.post("/sim/limits", {"request_weight": 1_000_000})


def resume(stage: Stage) -> None:
    """Lift a halt, as a person does."""
    time.sleep(3)
    done = stage.floor.command.run("resume", "--confirm")
    assert done.returncode == 0, done.stderr


def leave_unknown(stage: Stage) -> None:
    """Wait until Prometheus has seen an order for seconds whose outcome is unknown.

    Half of them were carried out, and the stream tells of those at once. The other half is unknown until its request
    is too old to be accepted, 12 s: so there are some left to kill the bot in.
    """
    stage.floor.switch("server_error", on=True)
    assert stage.watch is not None
    prometheus = stage.watch.prometheus
    assert wait_until(lambda: prometheus.has(f"min_over_time({SEEN_UNKNOWN}[3s:500ms]) > 0"), 60, every=0.1)


def open_in_peace(stage: Stage, name: str) -> None:
    """Start what was killed; the exchange keeps its faults, as it keeps its orders."""
    restart(stage, name)
    stage.floor.switch("server_error", on=False)


def take_over(stage: Stage) -> None:
    """Take over what a stranger's trade changed, position and cash, as a person does."""
    deadline = time.monotonic() + 60
    while mismatches := stage.floor.state().reconciliation.mismatches:
        assert time.monotonic() < deadline, mismatches
        for each in mismatches.values():
            body = {"mismatch_id": each.mismatch_id, "confirm": each.venue, "reason": "traded by hand"}
            with contextlib.suppress(urllib.error.HTTPError):  # settled meanwhile
                ask(stage.floor, "adopt-mismatch", **body)
        time.sleep(2)


def fill_disk(stage: Stage) -> None:
    """Fill the disk, and wait for the first write that fails: the journal has room of its own for some seconds."""
    assert stage.own_disk, "not permitted to mount a file system of its own"
    stage.held.enter_context(without_quota(stage.floor.home.path, DISK))
    assert wait_until(lambda: cannot_write(stage), 120, every=0.2)


def cannot_write(stage: Stage) -> bool:
    assert stage.watch is not None
    return stage.watch.prometheus.has(f"{UNWRITABLE} == 1")


def corrupt_logs(stage: Stage) -> None:
    for path in (*stage.floor.home.logs.glob("*.jsonl"), stage.floor.home.config_history):
        with path.open("ab") as file:
            file.write(b'{"half": \xff\xfe\n\x00\x00{]\n')


def write_doomed(stage: Stage) -> None:
    """Have a workflow whose effect never comes, and wait until Prometheus knows that it was never executed."""
    stage.floor.home.workflows.mkdir(exist_ok=True)
    (stage.floor.home.workflows / f"{DOOMED['id']}.yaml").write_text(json.dumps(DOOMED))
    assert stage.watch is not None
    prometheus = stage.watch.prometheus
    assert wait_until(lambda: prometheus.has(f"{NEVER_FAILED} == 0"), 60, every=0.1)


def execute_doomed(stage: Stage) -> None:
    _, port, _ = stage.targets()
    api = WorkflowApi(stage.floor.home, port)
    assert api.followed(api.execute(DOOMED["id"]))["state"] == "compensated"


DOOMED: Final[dict[str, Any]] = {
    "id": "doomed",
    "name": "Doomed",
    "description": "Waits for what does not come.",
    "risk": "safe",
    "steps": [
        {"id": "never", "description": "Never.", "action": "wait", "verify": {"that": ["up == false"]}}
    ],
}
NEVER_FAILED: Final = series(metrics.WORKFLOW_EXECUTIONS, workflow=DOOMED["id"], outcome="compensated")
UNWRITABLE: Final = series(metrics.CONDITION, condition="JournalWritable", status="False")
SEEN_UNKNOWN: Final = f"sum by (bot) ({metrics.ORDERS_UNKNOWN.name})"
UNKNOWN: Final = {"OrderUnknown": ON_ITS_WAY}
BREAKS: Final = 5.0
"""Seconds until half of the shortest window has passed."""
AWAY: Final = {"VenueUnreachable": 3 + BREAKS}
ASKED_AGAIN: Final = {"VenueUnreachable": 1.5 + 3 + BREAKS}
"""Where answers come and are none, each reading is asked for three times more before it has failed."""
UNSENT: Final = 10.0
"""Seconds until there is something to ship, which a dead collector does not take: of five cycles a second every
fiftieth is kept, unless an order or an error comes of one."""
PAUSES: Final = 25.0
"""Seconds until the pauses between reconnects have grown, by doubling, so long that the venue is away half of the time:
it counts as away after 3 s, so the fifth pause, of 8 s, or the sixth, of 10 s, is long enough."""
ERRORS: Final = {"ErrorRateHigh": 5.0}
STALE: Final = {"FeedStale": 30.0}
DOUBTED: Final = {"PricesNotBelieved": 5.0}

DRILLS: Final[dict[str, Drill]] = {
    # machinery
    "kill_bot": killing("run", {"BotDown": BREAKS}),
    "freeze_bot": Drill(
        inject=lambda stage: stage.floor.signal("run", signal.SIGSTOP),
        clear=lambda stage: stage.floor.signal("run", signal.SIGCONT),
        pages={"BotFrozen": 5 + BREAKS},
    ),
    "kill_exporter": killing("exporter", {"ExporterDown": BREAKS}),
    "kill_ops": killing("ops", {"ApiDown": BREAKS}),
    "kill_exchange": killing("exchange", AWAY, may=("OrderUnknown",)),
    "kill_bot_while_order_unknown": Drill(
        before=leave_unknown,
        inject=lambda stage: stage.floor.kill("run"),
        clear=lambda stage: open_in_peace(stage, "run"),
        pages=UNKNOWN | {"BotDown": BREAKS},
        may=("VenueUnreachable", "OrderRejectsHigh"),
    ),
    # nobody is there to be asked: it stays unknown for longer than execution.unknown_operator_seconds, a minute
    "kill_exchange_while_order_unknown": Drill(
        before=leave_unknown,
        inject=lambda stage: stage.floor.kill("exchange"),
        clear=lambda stage: open_in_peace(stage, "exchange"),
        pages=AWAY | UNKNOWN | {"OrderUnknownOverdue": 60.0},
        may=("OrderRejectsHigh",),
    ),
    "fill_disk": Drill(
        before=fill_disk,
        inject=lambda _stage: None,
        clear=lambda stage: stage.held.close(),
        pages={"JournalNotWritable": BREAKS},
        may=("JournalDiskFilling",),
    ),
    "dead_collector": Drill(
        inject=lambda stage: stage.collector.stop(),
        clear=lambda stage: stage.collector.start(),
        pages={"TelemetryNotFlowing": UNSENT + 60 + BREAKS},
    ),
    "corrupt_jsonl": Drill(inject=corrupt_logs, clear=lambda _stage: None),
    "fail_workflow": Drill(
        before=write_doomed,
        inject=execute_doomed,
        clear=lambda stage: (stage.floor.home.workflows / f"{DOOMED['id']}.yaml").unlink(),
        pages={"WorkflowFailed": 1.0},
    ),
    # the exchange
    "mute_feed": fault("mute_feed", STALE),
    "stale_quotes": fault("stale_quotes", {"PricesNotBelieved": 8.0}),
    "crossed_book": fault("crossed_book", {"FeedRefused": 5.0, **STALE}),
    "nan_price": fault("nan_price", {"FeedRefused": 5.0, **STALE}),
    "price_spike": fault("price_spike", DOUBTED, size=0.3),
    "drop_connection": fault("drop_connection", AWAY),
    "flapping_connection": fault("flapping_connection", {"VenueUnreachable": PAUSES + BREAKS}, size=1.0),
    "unreachable": fault("unreachable", AWAY, may=("OrderUnknown",), seconds=25),
    "lost_ack": fault("lost_ack", ERRORS),
    "late_ack": fault("late_ack", ERRORS, size=3),
    "rate_limited": fault("rate_limited", AWAY, may=("OrderRejectsHigh",), size=1),
    "banned": fault("banned", {"VenueBanned": 5.0}, may=("KillSwitchEngaged",), size=2, after=resume),
    "maintenance": fault("maintenance", AWAY, may=("OrderUnknown",), size=1),
    # half of the orders are carried out, and settled by the stream at once: some pairs of them are needed
    "server_error": fault("server_error", ASKED_AGAIN | {"OrderUnknown": 3 * ON_ITS_WAY}),
    # all of them are carried out, so that none stays unknown for long
    "truncated_json": fault("truncated_json", ASKED_AGAIN, may=("OrderUnknown",)),
    "clock_skew": fault("clock_skew", {"ClockSkew": 15.0}),
    "reject_order": fault("reject_order", {"OrderRejectsHigh": 8.0}),
    "halted_symbol": fault("halted_symbol", STALE, may=("OrderRejectsHigh",)),
    # some orders must have ended so, and the market decides when one is sent
    "partial_fill_then_stall": fault("partial_fill_then_stall", {"FillRatioLow": 12.0}),
    "duplicate_fill": fault("duplicate_fill"),
    "out_of_order_fills": fault("out_of_order_fills"),
    "wrong_balance": fault("wrong_balance", {"PositionMismatch": 12.0}, size=0.1),
    "manual_trade": fault(
        "manual_trade", {"PositionMismatch": 6.0}, after=take_over, symbol="EUR/USD", size=500
    ),
    # one with the rules as they are delivered: half of a minute that Prometheus has seen, and 5 s in which
    # Alertmanager collects
    "kill_bot_unscaled": killing(
        "run", {"BotDown": 31.0 + 5}, before=lambda _stage: time.sleep(60), scale=1, levels=True
    ),
}

"""What is known: the state that every reader folds from the journal.

Plain, mutable containers, made to be folded fast and to be written down whole in a snapshot. Money is
in the account currency; times are nanoseconds since the epoch; what is not known is None and its
reason stands beside it or follows (:mod:`~trading_bot.domain.derived`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from trading_bot.contract.errors.definition import SemanticError
from trading_bot.contract.events.account import ProtectionStatus
from trading_bot.contract.events.lifecycle import ConditionName, ConditionStatus, Mode
from trading_bot.domain.instruments import Instrument
from trading_bot.domain.orders import Order

ZERO: Final = Decimal(0)

RECENT_ORDERS: Final = 100
RECENT_FILLS: Final = 100
RECENT_TRADE_IDS: Final = 500
RECENT_ERRORS: Final = 50
RECENT_MODES: Final = 20
RECENT_COMMANDS: Final = 200


class Run(msgspec.Struct, kw_only=True):
    """The bot's current or last run."""

    run_id: str | None = None
    version: str | None = None
    python: str | None = None
    pid: int | None = None
    host: str | None = None
    venue: str | None = None
    supervisor: str | None = None
    started_at: int | None = None
    ready_at: int | None = None
    stopped_at: int | None = None
    stop_reason: str | None = None
    symbols: tuple[str, ...] = ()
    strategies: tuple[str, ...] = ()
    beat_at: int | None = None
    cycles: int = 0


class ModeState(msgspec.Struct, kw_only=True):
    """The mode and why."""

    mode: Mode = Mode.PAUSED
    since: int | None = None
    reason: str = "NotStarted"
    message: str = "the bot has not started yet"
    actor: str = "bot"


class Demanded(msgspec.Struct, kw_only=True):
    """What somebody other than the bot demands: no more than ``mode``, until it is taken back."""

    mode: Mode
    reason: str
    message: str
    actor: str
    since: int


class SettingsState(msgspec.Struct, kw_only=True):
    """The settings in force."""

    generation: int = 0
    hash: str | None = None
    settings: dict[str, Any] | None = None
    applied_at: int | None = None
    source: str | None = None
    actor: str | None = None
    reason: str | None = None
    command_id: str | None = None


class Probation(msgspec.Struct, kw_only=True):
    """New settings on trial: until ``until`` the bot goes back to ``previous`` when a condition turns worse.

    ``healthy`` are the conditions that were true at some time since the settings came into force.
    """

    generation: int
    until: int
    previous: SettingsState
    healthy: list[ConditionName]


class Issued(msgspec.Struct, kw_only=True):
    """A command as the control tape tells of it."""

    command_id: str
    name: str
    issued_at: int
    expires_at: int


class Answered(msgspec.Struct, kw_only=True):
    """What the bot said to a command."""

    command_id: str
    name: str
    outcome: str
    message: str
    answered_at: int
    error_code: str | None = None
    actor: str | None = None
    idempotency_key: str | None = None
    issued_at: int | None = None


class Control(msgspec.Struct, kw_only=True):
    """What was asked of the bot and what it said. The last of each, oldest first, by command id."""

    issued: dict[str, Issued] = msgspec.field(default_factory=dict)
    """Filled from the control tape, so empty in the journal's fold."""
    answers: dict[str, Answered] = msgspec.field(default_factory=dict)
    forgotten: int = 0
    """Issue time of the latest command whose answer is not among ``answers`` any more."""
    tape: str | None = None
    run: str | None = None
    seq: int = 0
    """The control tape, its run, and the sequence number that was answered last."""


class Condition(msgspec.Struct, kw_only=True):
    """One condition. ``since`` is when the status last changed."""

    name: ConditionName
    status: ConditionStatus
    reason: str
    message: str
    since: int


class Block(msgspec.Struct, kw_only=True):
    """Why a symbol takes no new risk."""

    reason: str
    message: str
    since: int


class Market(msgspec.Struct, kw_only=True):
    """What is known of one symbol's market."""

    bid: Decimal | None = None
    ask: Decimal | None = None
    mark: Decimal | None = None
    quote_at: int | None = None
    venue_time: int | None = None
    bar_open_time: int | None = None
    bar_interval_ns: int | None = None
    bar_close: Decimal | None = None
    bar_recorded_at: int | None = None
    reference: Decimal | None = None
    """The last price that was believed: a bar's close, or what the venue answered when asked."""
    blocks: dict[str, Block] = msgspec.field(default_factory=dict)
    """By reason."""


class Position(msgspec.Struct, kw_only=True):
    """One symbol's position. ``quantity`` is the base balance that it stands for."""

    symbol: str
    quantity: Decimal = ZERO
    entry_price: Decimal | None = ZERO
    """Weighted average of what is held; 0 when nothing is; None when it is not known."""
    value: Decimal | None = ZERO
    """Quantity at the mark; None while there is no mark."""
    realized_pnl: Decimal = ZERO
    """After fees, since the journal began."""
    trip_pnl: Decimal = ZERO
    """Realized since the position was last flat."""
    strategy: str | None = None
    """Whose buy opened it or last added to it; what it brings is that strategy's result. None: adopted."""
    trip_open: bool = False
    opened_at: int | None = None
    exit_wanted_at: int | None = None
    """Since when somebody wants it flat: a strategy's signal to leave, or a person's command."""
    updated_at: int | None = None
    unknown_reason: str | None = None


class Fill(msgspec.Struct, kw_only=True):
    """One execution, for display."""

    trade_id: str
    client_order_id: str
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str
    at: int
    trace_id: str | None
    realized_pnl: Decimal | None


class Account(msgspec.Struct, kw_only=True):
    """Money, and the anchors that limits are measured from."""

    currency: str = "USD"
    balances: dict[str, Decimal] = msgspec.field(default_factory=dict)
    opened_at: int | None = None
    updated_at: int | None = None
    realized_pnl: Decimal = ZERO
    realized_by_strategy: dict[str, Decimal] = msgspec.field(default_factory=dict)
    """The same by the strategy whose position it was; the parts sum up to the whole."""
    fees: dict[str, Decimal] = msgspec.field(default_factory=dict)
    fees_unvalued: bool = False
    """True once a fee was taken from an asset without a mark: realized P&L then lacks it."""
    positions_value: Decimal = ZERO
    """Sum of the known values of all positions."""
    equity: Decimal | None = None
    peak_equity: Decimal | None = None
    max_drawdown: Decimal = ZERO
    day: str | None = None
    day_started_at: int | None = None
    day_start_equity: Decimal | None = None
    fees_outside: Decimal = ZERO
    """Value of the fees that were taken from assets outside the books; equity is less by it."""
    loss_anchor: Decimal | None = None
    """Equity that the daily loss limit is measured from since its breaker was reset; None: the day's start."""
    drawdown_anchor: Decimal | None = None
    """The peak that the drawdown limit is measured from since its breaker was reset; None: the peak."""
    loss_warned_at: int | None = None
    """When half of the daily loss limit was used; None since the day's start or the last reset."""
    doubted: dict[str, None] = msgspec.field(default_factory=dict)
    """Symbols whose price is not believed: no peak is taken from it."""
    anchors_restored_at: int | None = None


class Guards(msgspec.Struct, kw_only=True):
    """What the breakers count that close by themselves."""

    consecutive_losses: int = 0
    """As the streak of :class:`Performance`, but begun anew when its breaker was reset."""
    counted_from: dict[str, int] = msgspec.field(default_factory=dict)
    """By breaker: orders that ended before do not count any more; when it was last reset."""
    half_open: dict[str, None] = msgspec.field(default_factory=dict)
    """Breakers that closed by themselves: half as much is enough to open them again."""


class Performance(msgspec.Struct, kw_only=True):
    """Round trips from flat to flat."""

    won: int = 0
    lost: int = 0
    even: int = 0
    gross_profit: Decimal = ZERO
    gross_loss: Decimal = ZERO
    streak: int = 0
    """Positive: wins in a row; negative: losses in a row."""
    trades_today: int = 0
    last_trade_at: int | None = None


class Breaker(msgspec.Struct, kw_only=True):
    """An open circuit breaker."""

    breaker: str
    error_code: str
    opened_at: int
    limit_value: Decimal
    observed: Decimal
    message: str


class Mismatch(msgspec.Struct, kw_only=True):
    """An open difference between books and venue."""

    mismatch_id: str
    subject: str
    symbol: str | None
    asset: str | None
    local: str | None
    venue: str | None
    message: str
    found_at: int
    quantity: Decimal | None = None


class Protection(msgspec.Struct, kw_only=True):
    """How one position stands to its stop-loss and take-profit. Prices are None where none is wanted."""

    status: ProtectionStatus
    quantity: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    message: str
    since: int


class Reconciliation(msgspec.Struct, kw_only=True):
    """The last comparison with the venue, and what differs."""

    completed_at: int | None = None
    duration_ns: int | None = None
    trigger: str | None = None
    mismatches: dict[str, Mismatch] = msgspec.field(default_factory=dict)
    tolerated: dict[str, int] = msgspec.field(default_factory=dict)
    """Orders at the venue that were adopted as somebody else's: mismatch id to when."""


class Histogram(msgspec.Struct, kw_only=True):
    """Bucket counts (not cumulative, one more than bounds) and the sum of what was observed."""

    buckets: list[int]
    total: float = 0.0
    exemplar_value: float | None = None
    exemplar_trace_id: str | None = None
    exemplar_at: int | None = None


class Runtime(msgspec.Struct, kw_only=True):
    """The last runtime measurements."""

    sampled_at: int | None = None
    cpu_seconds: float = 0.0
    resident_bytes: int | None = None
    open_files: int | None = None
    threads: int | None = None
    loop_lag_ns: int | None = None
    journal_queue: int | None = None
    journal_bytes: int | None = None
    clock_offset_ns: int | None = None
    rate_limit_used_ratio: float | None = None


class State(msgspec.Struct, kw_only=True):
    """Everything. ``seq`` and ``ts`` are of the last event folded."""

    seq: int = 0
    ts: int = 0
    run: Run = msgspec.field(default_factory=Run)
    mode: ModeState = msgspec.field(default_factory=ModeState)
    modes: list[ModeState] = msgspec.field(default_factory=list)
    """The last changes, oldest first."""
    demands: dict[str, Demanded] = msgspec.field(default_factory=dict)
    """What stands of others than the bot, by reason."""
    settings: SettingsState = msgspec.field(default_factory=SettingsState)
    probation: Probation | None = None
    control: Control = msgspec.field(default_factory=Control)
    conditions: dict[str, Condition] = msgspec.field(default_factory=dict)
    instruments: dict[str, Instrument] = msgspec.field(default_factory=dict)
    markets: dict[str, Market] = msgspec.field(default_factory=dict)
    account: Account = msgspec.field(default_factory=Account)
    positions: dict[str, Position] = msgspec.field(default_factory=dict)
    orders: dict[str, Order] = msgspec.field(default_factory=dict)
    """Orders that are not over, by client order id."""
    closed_orders: dict[str, Order] = msgspec.field(default_factory=dict)
    """The last orders that are over, oldest first."""
    fills: list[Fill] = msgspec.field(default_factory=list)
    """The last fills, oldest first."""
    trade_ids: dict[str, dict[str, int | None]] = msgspec.field(default_factory=dict)
    """The last trade ids by symbol, oldest first, and when each was booked: a fill counts once, however often
    it is reported."""
    performance: Performance = msgspec.field(default_factory=Performance)
    guards: Guards = msgspec.field(default_factory=Guards)
    breakers: dict[str, Breaker] = msgspec.field(default_factory=dict)
    reconciliation: Reconciliation = msgspec.field(default_factory=Reconciliation)
    protection: dict[str, Protection] = msgspec.field(default_factory=dict)
    """By symbol, where something was wanted or said."""
    errors: list[SemanticError] = msgspec.field(default_factory=list)
    """The last errors, oldest first."""
    runtime: Runtime = msgspec.field(default_factory=Runtime)
    last_decision_at: int | None = None
    last_order_at: int | None = None
    last_fill_at: int | None = None
    snapshot_at: int | None = None
    timestamps: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    """Last occurrences by metric name, then by label values joined with ``|``."""
    counts: dict[str, dict[str, float]] = msgspec.field(default_factory=dict)
    """Counters by metric name, then by label values joined with ``|``."""
    histograms: dict[str, dict[str, Histogram]] = msgspec.field(default_factory=dict)
    """By metric name, then by label values joined with ``|``."""


def known_market(state: State, symbol: str) -> Market:
    """Return what is known of a symbol's market, an empty one if nothing was yet."""
    known = state.markets.get(symbol)
    if known is None:
        known = state.markets[symbol] = Market()
    return known

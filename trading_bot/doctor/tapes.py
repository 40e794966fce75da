"""Checks of the databases: pages, sequence, and that a tape still says what it said when it was written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events import EVENTS, Retention
from trading_bot.contract.events.lifecycle import StateSnapshotted, TapePruned
from trading_bot.contract.telemetry.metrics import JOURNAL_EVENTS
from trading_bot.doctor.finding import Finding, failed, fine, unknown, warning
from trading_bot.doctor.patient import DATABASES, TAPES, Patient
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import encode_state, restore
from trading_bot.domain.state import State
from trading_bot.journal import TapeReader
from trading_bot.journal.inspection import OwnedReader

PAGE: Final = 2_000
SNAPSHOTS_KEPT: Final = 2
MISSING: Final = "JRNL_013"
SAVE: Final = (
    "Keep a copy of the home, then start a new one; it takes positions and orders over from the exchange"
)


def pages(patient: Patient) -> Iterator[Finding]:
    """All pages of every database fit together."""
    for name in (*TAPES, *DATABASES):
        path = patient.home.path / name
        if not path.exists():
            yield fine("pages", f"{name}: not made yet")
            continue
        try:
            _check_pages(patient, name)
            yield fine("pages", f"{name}: whole")
        except TickertapeError as error:
            yield _unreadable("pages", name, error, patient)
        except OSError as error:
            yield unknown(
                "pages",
                f"{name}: no copy can be made to look at: {error.strerror}",
                "Set TMPDIR to a folder with room",
            )


def _check_pages(patient: Patient, name: str) -> None:
    place = patient.readable(name)
    if name in TAPES:
        with TapeReader.open(place) as reader:
            reader.check_pages()
    else:
        with OwnedReader.open(place, DATABASES[name]) as database:
            database.check_pages()


def _unreadable(check: str, name: str, error: TickertapeError, patient: Patient) -> Finding:
    if error.code == MISSING:
        return fine(check, f"{name}: still empty")
    return failed(
        check, f"{name}: {error.message}", SAVE, f"cp -a {patient.home.path} {patient.home.path}.broken"
    )


class Reading:
    """One pass over a tape: its gaps, its facts by kind, and each snapshot beside the fold of what came before."""

    def __init__(self) -> None:
        self.events = 0
        self.snapshots: list[int] = []
        self.compared = 0
        self.gaps: list[tuple[int, int]] = []
        self.pruned_before = 0
        self.problems: list[str] = []
        self._state: State | None = None
        self._facts: Counter[str] = Counter()
        self._next = 1
        self._gap_since_base = False

    def read(self, reader: TapeReader) -> Reading:
        """Read the whole tape."""
        after = 0
        while envelopes := reader.read(after, PAGE):
            for envelope in envelopes:
                self._take(envelope)
            after = envelopes[-1].seq
        return self

    def _take(self, envelope: Envelope) -> None:
        if envelope.seq != self._next:
            self.gaps.append((self._next, envelope.seq - 1))
            self._gap_since_base = True
        elif envelope.seq == 1:
            self._state = State()
        self._next = envelope.seq + 1
        self.events += 1
        HANDLERS.get(envelope.kind, Reading._event)(self, envelope)
        if EVENTS[envelope.kind].RETENTION is Retention.FACT:
            self._facts[envelope.kind] += 1

    def _event(self, envelope: Envelope) -> None:
        if self._state is not None:
            self._state = evolve(self._state, envelope)

    def _prune(self, envelope: Envelope) -> None:
        assert isinstance(envelope.payload, TapePruned)
        self.pruned_before = max(self.pruned_before, envelope.payload.before)
        self._event(envelope)

    def _snapshot(self, envelope: Envelope) -> None:
        assert isinstance(envelope.payload, StateSnapshotted)
        self.snapshots.append(envelope.seq)
        restored = restore(envelope)
        self._compare_facts(envelope.seq, restored)
        # From the beginning, or from the first snapshot that is kept, where something before it was pruned.
        if self._state is not None and not (self.compared == 0 and self._pruned_before_first()):
            self._compare(envelope, restored)
        self._state, self._gap_since_base = restored, False

    def _pruned_before_first(self) -> bool:
        return bool(self.gaps) and len(self.snapshots) == 1

    def _compare_facts(self, seq: int, restored: State) -> None:
        counted = restored.counts.get(JOURNAL_EVENTS.name, {})
        for kind, count in counted.items():
            is_fact = kind in EVENTS and EVENTS[kind].RETENTION is Retention.FACT
            if is_fact and count != self._facts[kind]:
                self.problems.append(
                    f"{self._facts[kind]} events {kind} stand before the snapshot {seq}, which counted {count:.0f}"
                )

    def _compare(self, envelope: Envelope, restored: State) -> None:
        assert self._state is not None
        self.compared += 1
        live = evolve(self._state, envelope)
        if encode_state(live) == encode_state(restored):
            return
        assert isinstance(envelope.payload, StateSnapshotted)
        raw = msgspec.json.decode(envelope.payload.state)
        ignored = _span_counters() if self._gap_since_base else frozenset()
        differing = [path for path in differences(raw, _plain(restored), _plain(live)) if path not in ignored]
        if differing:
            what = ", ".join(differing[:3])
            self.problems.append(f"the events before the snapshot {envelope.seq} fold to another {what}")


HANDLERS: Final[dict[str, Callable[[Reading, Envelope], None]]] = {
    StateSnapshotted.KIND: Reading._snapshot,  # noqa: SLF001 - the table stands beside its class
    TapePruned.KIND: Reading._prune,  # noqa: SLF001 - same
}

_ABSENT: Final = object()


def differences(raw: Any, restored: Any, live: Any, path: str = "") -> Iterator[str]:
    """Yield where two states differ, dotted; a field that the snapshot's release did not know yet does not count."""
    if restored == live:
        return
    if not (isinstance(restored, dict) and isinstance(live, dict)):
        yield path
        return
    known = raw if isinstance(raw, dict) else {}
    for key in {**restored, **live}:
        if key in known or key not in restored:
            inner = f"{path}.{key}" if path else key
            yield from differences(known.get(key), restored.get(key, _ABSENT), live.get(key, _ABSENT), inner)


def _plain(state: State) -> Any:
    return msgspec.json.decode(encode_state(state))


def _span_counters() -> frozenset[str]:
    """Spans may be pruned after a snapshot that counted them."""
    kinds = (kind for kind, event in EVENTS.items() if event.RETENTION is Retention.SPAN)
    return frozenset(f"counts.{JOURNAL_EVENTS.name}.{kind}" for kind in kinds)


def fold(patient: Patient) -> Iterator[Finding]:
    """The journal folds to each of its snapshots, holds every fact they counted, and lacks only what was pruned."""
    for name in TAPES:
        if not (patient.home.path / name).exists():
            continue
        try:
            with TapeReader.open(patient.readable(name)) as reader:
                reading = Reading().read(reader)
        except TickertapeError as error:
            yield _unreadable("fold", name, error, patient)
            continue
        except OSError as error:
            yield unknown("fold", f"{name}: {error.strerror}", "Set TMPDIR to a folder with room")
            continue
        yield judge_fold(name, reading)
        yield judge_sequence(name, reading)


def judge_fold(name: str, reading: Reading) -> Finding:
    """Judge what a pass over a tape found."""
    if reading.problems:
        more = f" (and {len(reading.problems) - 1} more)" if len(reading.problems) > 1 else ""
        return failed(
            "fold", f"{name}: {reading.problems[0]}{more}: it was changed after it was written", SAVE
        )
    if name == TAPES[0] and not reading.snapshots:
        return warning(
            "fold",
            f"{name}: {reading.events:,} events and no snapshot to compare with yet",
            "Look again when the bot has run for a minute",
        )
    compared = (
        f"agree with {reading.compared:,} snapshots" if reading.snapshots else "are readable; no snapshot yet"
    )
    return fine("fold", f"{name}: {reading.events:,} events {compared}")


def judge_sequence(name: str, reading: Reading) -> Finding:
    """Judge the gaps: each must lie below what was pruned."""
    kept = reading.snapshots[-SNAPSHOTS_KEPT:]
    # Where only snapshots went, no event says so: they go below the last two.
    boundary = max(reading.pruned_before, kept[0] if kept else 0)
    unexplained = [gap for gap in reading.gaps if gap[1] >= boundary]
    if unexplained:
        first, last = unexplained[0]
        missing = sum(end - begin + 1 for begin, end in unexplained)
        return failed(
            "sequence",
            f"{name}: {missing:,} events are missing that were not pruned, the first {first} to {last}",
            SAVE,
        )
    pruned = sum(end - begin + 1 for begin, end in reading.gaps)
    return fine(
        "sequence", f"{name}: no event is missing" + (f" but {pruned:,} pruned ones" if pruned else "")
    )

"""The proof of an effect: conditions looked at in state, events, services and files, with what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from exporter.ops.workflows import expressions, templates, verdicts
from exporter.ops.workflows.actions.definition import Doing, Means
from exporter.ops.workflows.actions.files import wrong_sums
from exporter.ops.workflows.actions.network import ask
from exporter.ops.workflows.definition import (
    Condition,
    EventCondition,
    FileCondition,
    HttpCondition,
    Service,
    Verify,
)
from exporter.ops.workflows.document import Document, plain
from trading_bot.boot.settings import url_host
from trading_bot.contract.errors import NonRetriableError, TickertapeError
from trading_bot.contract.events.workflow import Evidence
from trading_bot.journal import TapeReader

POLL_SECONDS: Final = 0.1
EVENTS_READ: Final = 200
LONGEST_VALUE: Final = 1_500
HTTP_SECONDS: Final = 5.0


class Prover:
    """Looks whether a verify holds.

    Args:
        doing: of the attempt.
        look: gives the document with the attempt's own outputs.
        facts: gives what templates refer to, with the same outputs.

    Attributes:
        outputs: what the action has given.
        last: what was found at the last look.
    """

    def __init__(
        self,
        doing: Doing,
        look: Callable[[Mapping[str, Any]], Document],
        facts: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    ) -> None:
        self.outputs: dict[str, Any] = {}
        self.last: tuple[Evidence, ...] = ()
        self._doing = doing
        self._look = look
        self._facts = facts

    def once(self, verify: Verify) -> tuple[Evidence, ...]:
        """Look at every condition once."""
        document = self._look(self.outputs)
        self.last = tuple(self._evidence(condition, document) for condition in verify.that)
        return self.last

    def until(self, verify: Verify) -> tuple[Evidence, ...]:
        """Look until all conditions hold, at most as long as the verify gives; return the last look.

        Raises:
            Stopping: ops stops.
            NonRetriableError: WF_009 or WF_013.
        """
        patience = self._doing.patience
        enough = patience.remaining - verify.within
        while True:
            patience.check()
            evidence = self.once(verify)
            if holds(evidence) or patience.remaining <= enough:
                return evidence
            patience.wait(POLL_SECONDS)

    def _evidence(self, condition: str | Condition, document: Document) -> Evidence:
        text, verdict = self._judged(condition, document)
        return Evidence(
            condition=text,
            holds=verdict.holds,
            found={name: short(value) for name, value in verdict.found.items()},
            at=self._doing.means.clock.now_ns(),
            message=verdict.message,
        )

    def _judged(self, condition: str | Condition, document: Document) -> tuple[str, verdicts.Verdict]:
        """Return the condition in words, with its values where they are known, and whether it holds."""
        if isinstance(condition, str):
            return condition, verdicts.evaluate(expressions.parse(condition), document)
        if condition.state is not None:
            return self._judged(condition.state, document)
        try:
            condition = self._filled_in(condition)
            return _text(condition), self._outside(condition)
        except (TickertapeError, OSError) as error:
            message = error.message if isinstance(error, TickertapeError) else str(error)
            return _text(condition), verdicts.Verdict(None, {}, message)

    def _filled_in(self, condition: Condition) -> Condition:
        look_up = templates.finder(self._facts(self.outputs))
        event, file = condition.event, condition.file
        if event is not None:
            event = msgspec.structs.replace(event, where=templates.resolve(event.where, look_up))
        if file is not None:
            file = msgspec.structs.replace(file, path=str(templates.resolve(file.path, look_up)))
        return msgspec.structs.replace(condition, event=event, file=file)

    def _outside(self, condition: Condition) -> verdicts.Verdict:
        """Look at what is not in the document."""
        if condition.event is not None:
            return self._event(condition.event)
        if condition.http is not None:
            return _http(condition.http, self._doing.means)
        assert condition.file is not None
        return self._file(condition.file)

    def _event(self, event: EventCondition) -> verdicts.Verdict:
        attempt = self._doing.attempt
        with TapeReader.open(self._doing.means.home.journal) as reader:
            found = reader.read(attempt.journal_seq, EVENTS_READ, (event.kind,))
        for envelope in found:
            fields = msgspec.to_builtins(envelope.payload)
            if all(verdicts.same(fields.get(name), value) for name, value in event.where.items()):
                return verdicts.Verdict(
                    True,  # noqa: FBT003 - it holds
                    {
                        "seq": envelope.seq,
                        "run_id": envelope.run_id,
                        **{name: fields[name] for name in event.where},
                    },
                )
        message = f"{len(found)} of them after {attempt.journal_seq}, none as wanted"
        return verdicts.Verdict(False, {"events": len(found)}, message)  # noqa: FBT003 - it does not

    def _file(self, file: FileCondition) -> verdicts.Verdict:
        home = self._doing.means.home.path.resolve()
        path = (home / file.path).resolve()
        if not path.is_relative_to(home):
            raise NonRetriableError("WF_010", f"{path} is not in the home folder")
        found: dict[str, Any] = {"path": str(path.relative_to(home)), "exists": path.is_file()}
        if not file.exists or not path.is_file():
            return verdicts.Verdict(found["exists"] is file.exists, found)
        found["bytes"] = path.stat().st_size
        good = found["bytes"] >= file.min_bytes
        if file.sums:
            found["wrong"] = wrong_sums(path)
            good = good and not found["wrong"]
        return verdicts.Verdict(good, found)


def holds(evidence: tuple[Evidence, ...]) -> bool:
    """Whether everything that was looked at is as it must be."""
    return all(one.holds for one in evidence)


def words(evidence: tuple[Evidence, ...]) -> str:
    """Say what does not hold, and what was found instead."""
    wrong = [one for one in evidence if not one.holds]
    said = []
    for one in wrong[:3]:
        found = one.message or ", ".join(f"{name} is {value!r}" for name, value in one.found.items())
        said.append(f"{one.condition} ({found})"[:300])
    more = f" and {len(wrong) - 3} more" if len(wrong) > len(said) else ""
    return f"{'; '.join(said)}{more}"


def short(value: Any) -> Any:
    """Return a value as evidence keeps it: JSON's values, and of a long one only how long it is."""
    made = plain(value)
    size = len(msgspec.json.encode(made))
    return made if size <= LONGEST_VALUE else f"a value of {size} bytes"


def _http(condition: HttpCondition, means: Means) -> verdicts.Verdict:
    base = _base(condition.service, means)
    if base is None:
        return verdicts.Verdict(None, {}, f"no {condition.service} is configured")
    reply = ask(f"{base}{condition.path}", seconds=HTTP_SECONDS)
    found: dict[str, Any] = {"status": reply.status}
    good = reply.status == condition.status
    if condition.contains is not None:
        found["contains"] = condition.contains.encode() in reply.body
        good = good and bool(found["contains"])
    return verdicts.Verdict(good, found)


def _base(service: Service, means: Means) -> str | None:
    settings = means.settings
    if service is Service.EXCHANGE:
        return settings.venue_url if settings.is_simulated else None
    return {
        Service.EXPORTER: f"http://{url_host(settings.host)}:{settings.metrics_port}",
        Service.PROMETHEUS: settings.prometheus_url,
        Service.ALERTMANAGER: settings.alertmanager_url,
    }[service]


def _text(condition: Condition) -> str:
    if condition.event is not None:
        return _event_text(condition.event)
    if condition.http is not None:
        return _http_text(condition.http)
    return _file_text(condition.file) if condition.file is not None else condition.state or ""


def _event_text(event: EventCondition) -> str:
    where = ", ".join(f"{name}={value}" for name, value in event.where.items())
    return f"event {event.kind}{f' with {where}' if where else ''}"


def _http_text(condition: HttpCondition) -> str:
    return f"{condition.service} answers {condition.status} at {condition.path}"


def _file_text(file: FileCondition) -> str:
    return f"file {file.path}{' with right checksums' if file.sums else '' if file.exists else ' is gone'}"

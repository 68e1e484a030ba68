"""What trying an integration found, in words for people. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.connectors.base import Outcome, OutcomeKind, PlatformFacts
from app.services.health_findings import quoted
from app.services.lint import lint_mappings
from app.services.sunsets import ApiVersion, sunset_finding
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelMappingRow, LabelRow
from app.values import PauseReason

_WORKS: Final = frozenset({OutcomeKind.DELIVERED, OutcomeKind.ACCEPTED})
_TELLS_NOTHING: Final = frozenset({OutcomeKind.RETRY, OutcomeKind.AMBIGUOUS})
_TRIED: Final = frozenset(
    {"INTEGRATION_PAUSED", "INTEGRATION_DISABLED", "MAPPING_HELD", "INTEGRATION_NOT_MAPPED"}
)
"""What the test itself speaks of, and knows better."""


Targets = Mapping[str, Sequence[str]]
"""What labels are mapped to, each with the names of these labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of trying an integration."""

    is_accepted: bool
    """The platform accepts the connection; of the targets `problems` tells."""
    message: str
    """What was checked, and what could not be."""
    problems: Sequence[str]
    """One or two sentences for each thing that does not work."""
    notes: Sequence[str] = ()
    """What is odd about it, though it may work."""

    @property
    def ok(self) -> bool:
        """Nothing that could be checked is refused."""
        return not self.problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is to be tried."""

    integration: IntegrationRow
    mapped: Sequence[tuple[LabelRow, LabelMappingRow]]
    """Labels in use, and what they are mapped to there."""

    @property
    def targets(self) -> Targets:
        """All that is to be tried beside the connection itself."""
        targets: dict[str, list[str]] = {}
        for label, mapping in self.mapped:
            targets.setdefault(mapping.target, []).append(label.name)
        return targets

    @property
    def is_stopped(self) -> bool:
        """It, or one of its mappings, is held."""
        held = any(mapping.held_at is not None for _, mapping in self.mapped)
        return held or self.integration.paused_at is not None


def works(outcome: Outcome) -> bool:
    """Whether a probe went well."""
    return outcome.kind in _WORKS


def unusable(message: str) -> Report:
    """What is stored cannot even be tried."""
    return Report(
        is_accepted=False, message="Nothing was tried: the integration cannot be used.", problems=[message]
    )


def refused(facts: PlatformFacts, outcome: Outcome, targets: Targets) -> Report:
    """The connection itself does not work, or could not be tried."""
    if outcome.kind in _TELLS_NOTHING:
        message = f"{facts.title} could not tell just now whether the connection works. Test again later."
    else:
        message = f"{facts.title} does not accept the connection."
    rest = " What labels are mapped to was not tried." if targets else ""
    return Report(is_accepted=False, message=message + rest, problems=[_said(outcome)])


def reported(
    facts: PlatformFacts,
    integration: IntegrationRow,
    connection: Outcome,
    answers: Mapping[str, Outcome],
    targets: Targets,
) -> Report:
    """The connection works; `answers`: what the platform says of each target."""
    problems = [
        f"{_labels(targets[target])} mapped to '{target}': {_said(outcome)}"
        for target, outcome in answers.items()
        if not works(outcome)
    ]
    said = (outcome.message for outcome in (connection, *answers.values()) if works(outcome))
    sentences = [
        f"{facts.title} was asked about the credentials {_asked(len(answers))}.",
        *dict.fromkeys(message for message in said if message),
        *_standing(integration),
    ]
    return Report(is_accepted=True, message=" ".join(sentences), problems=problems)


def notes_on(subject: Subject, facts: PlatformFacts, api: ApiVersion | None, now: datetime) -> list[str]:
    """What somebody may want to change though the platform takes it."""
    integration = subject.integration
    found = lint_mappings(
        _once(label for label, _ in subject.mapped),
        [integration],
        [mapping for _, mapping in subject.mapped],
        {integration.platform: facts},
    )
    odd = [one.text for one in found if integration.id in one.integration_ids and one.code not in _TRIED]
    sunset = sunset_finding(api, now.date(), (integration.id,)) if api else None
    return odd + ([sunset.text] if sunset else [])


def _once(labels: Iterable[LabelRow]) -> list[LabelRow]:
    return list({label.id: label for label in labels}.values())


def _labels(names: Sequence[str]) -> str:
    return f"The label {quoted(names)} is" if len(names) == 1 else f"The labels {quoted(names)} are"


def _asked(targets: int) -> str:
    if targets == 0:
        return "alone, because no label in use is mapped to it"
    return f"and the {targets} targets of labels" if targets > 1 else "and the one target of labels"


def _standing(integration: IntegrationRow) -> list[str]:
    """What keeps it from sending, though it may work."""
    said = []
    if not integration.enabled:
        said.append("It is switched off, and sends nothing until it is enabled.")
    if integration.pause_reason is PauseReason.MANUAL:
        said.append("It is paused by hand, and sends nothing until it is resumed.")
    return said


def _said(outcome: Outcome) -> str:
    return outcome.message or f"It failed with {outcome.code or outcome.kind.value}."

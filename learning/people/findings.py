"""All that people's forecasts teach about a tree, as the report shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kb.knowledge import Tree
from learning.people.alarm import Alarm, alarm
from learning.people.arms import Arms, arms_of, imitation_of
from learning.people.audit import Audit, audit_state, is_audited
from learning.people.imitation import Imitation
from learning.people.samples import Sample, samples

__all__ = ["Findings", "people_findings"]


@dataclass(frozen=True, slots=True)
class Findings:
    """What people's forecasts teach.

    Attributes:
        samples: Samples of D*.
        arms: Who forecast what.
        imitation: f with its certificate; None where people forecast too little.
        missing: Why there is no f; empty if there is one.
        alarm: Whether ratings and unaided forecasts agree.
        audit: The newest audit; None if none was begun.
    """

    samples: tuple[Sample, ...]
    arms: tuple[Arms, ...]
    imitation: Imitation | None
    missing: str
    alarm: Alarm
    audit: Audit | None

    def sentences(self) -> list[str]:
        """What a person has to know: alarms first, then f and how far it can be trusted, then the audit."""
        found = self.alarm.sentences()
        if self.imitation is None:
            found.append(self.missing)
        else:
            loss = self.imitation.losses[self.imitation.chosen]
            found.append(
                f"f is the {self.imitation.chosen}, fitted to people's forecasts ({self.imitation.arm}) of "
                f"{self.imitation.fitted_on} cases; on forecasts that it was not fitted on it loses "
                f"{loss:.3f} nats."
            )
            certificate = self.imitation.certificate
            found.append(certificate.sentence if certificate else self.imitation.refused)
        if self.audit:
            found.append(self.audit.sentence)
        return found

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {
            "samples": [s.to_dict() for s in self.samples],
            "arms": [a.to_dict() for a in self.arms],
            "imitation": self.imitation and self.imitation.to_dict(),
            "alarm": self.alarm.to_dict(),
            "audit": self.audit and self.audit.to_dict(),
            "sentences": self.sentences(),
        }


def people_findings(tree: Tree, *, sample: str = "V", seed: int = 0) -> Findings:
    """Gather what people's forecasts teach; fits f if it isn't fitted yet.

    Args:
        tree: Whose people.
        sample: The sample that f is fitted and certified on.
        seed: For folds, first weights and deals.
    """
    made = samples(tree)
    imitation, missing = imitation_of(tree, sample=sample, seed=seed)
    return Findings(
        tuple(made),
        tuple(arms_of(tree)),
        imitation,
        missing,
        alarm(tree, seed=seed),
        audit_state(tree) if is_audited(tree) else None,
    )

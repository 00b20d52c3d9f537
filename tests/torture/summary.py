"""What a torture has to say at its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """Figures by name, and the faults found; none is a pass."""

    name: str
    facts: Mapping[str, str]
    faults: Sequence[str] = ()

    def __str__(self) -> str:
        head = f"{self.name}: {'FAILED' if self.faults else 'passed'}"
        facts = [f"  {name:<32} {value}" for name, value in self.facts.items()]
        return "\n".join([head, *facts, *(f"  ! {fault}" for fault in self.faults)])

"""Planted faults, one registry: each changes one thing that the compiler does and says which stage
and which name a validation must blame."""

from tests.debug.mutants.graphs import derivatives, passes, references, rules
from tests.debug.mutants.kernels import kernels
from tests.debug.mutants.mutant import Mutant
from tests.debug.mutants.programs import programs


def mutants() -> list[Mutant]:
    """Every mutant that applies."""
    return [*rules(), *passes(), *derivatives(), *references(), *programs(), *kernels()]

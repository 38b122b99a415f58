"""Planted faults, one registry: each changes one thing that the compiler does and says which stage
and which name a validation must blame."""

from tests.debug.mutants.around import calls
from tests.debug.mutants.backward import backward
from tests.debug.mutants.decisions import decisions
from tests.debug.mutants.graphs import derivatives, passes, references, rules
from tests.debug.mutants.lowered import programs
from tests.debug.mutants.mutant import Mutant
from tests.debug.mutants.spelled import spelled
from tests.debug.mutants.texts import cuda, kernels


def mutants() -> list[Mutant]:
    """Every mutant that applies."""
    return [*rules(), *passes(), *derivatives(), *references(), *programs(), *kernels(), *spelled(),
            *cuda(), *calls(), *backward(), *decisions()]  # fmt: skip

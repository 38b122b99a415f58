"""A function's program before and after one pass, both run statement by statement."""

from dataclasses import dataclass

import numpy as np

from arignote.api import compile
from arignote.fxgraph.prove import Knowledge, construction
from arignote.optimize.loopnest.lower import lower
from arignote.optimize.loopnest.program import Buffer, Program
from arignote.optimize.loopnest.program_text import program_text
from arignote.optimize.loopnest.schedule import PASSES
from arignote.optimize.loopnest.simulate import simulate


@dataclass
class Scheduled:
    """before: what the passes ahead of `name` left; after: what `name` made of it."""

    before: Program
    after: Program

    @property
    def text(self) -> str:
        return program_text(self.after)

    @property
    def changed(self) -> bool:
        return self.after is not self.before

    @property
    def note(self) -> str:
        return "\n".join(self.after.notes[len(self.before.notes) :])


def scheduled(name, f, **arguments) -> Scheduled:
    """The pass `name` applied to the program of f(**arguments)."""
    made = compile(f).compiled_for(**arguments)
    program = lower(made.meeting.graph, made.meeting.interface)
    with construction(Knowledge(facts=list(program.guards))):
        for p in PASSES:
            before, program = program, p.run(program)
            if p.name == name:
                return Scheduled(before, program)
    raise LookupError(name)


def check(name, f, *samples, **tolerance) -> Scheduled:
    """The pass keeps what f means: for all samples (dicts of arguments), values and changes of
    arguments are those of plain Python."""
    made = scheduled(name, f, **samples[0])
    for sample in samples:
        wanted = {k: np.array(v) for k, v in sample.items()}
        result = f(**{k: v if wanted[k].ndim else sample[k] for k, v in wanted.items()})
        results = result if isinstance(result, tuple) else () if result is None else (result,)
        for program in (made.before, made.after):
            given = {k: np.array(v) for k, v in sample.items()}
            got = run(program, given)
            for k, v in wanted.items():
                np.testing.assert_allclose(given[k], v, **tolerance)
            for mine, theirs in zip(got, results, strict=True):
                np.testing.assert_allclose(mine, theirs, **tolerance)
    return made


def run(program, given):
    """Arguments find their places by name; `x_0` is the first size of x."""
    names = [p.name if isinstance(p, Buffer) else p.attr("name") for p in program.pointers]
    pointers = [given[x] for x in names]
    pointers = [p if p.ndim else p[()] for p in pointers]
    integers = []
    for n in program.integers:
        word = n.attr("name")
        if word in given:
            integers.append(int(given[word]))
        else:
            array, _, axis = word.rpartition("_")
            integers.append(given[array].shape[int(axis) if axis.isdigit() else 0])
    return simulate(program, pointers, integers)

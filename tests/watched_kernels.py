"""Random Programs run by the compiled engine's own code as plain Python, on tables that reject every index out of bounds.

Run it as a script with NUMBA_DISABLE_JIT=1 and the number of examples. numpy raises IndexError beyond the end of a table, but
takes -1 as the last row, where compiled code would leave the table. The tables here therefore also reject negative indices.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from machines import layers, systems

from simcore.engine.compiled import line_writes as counting
from simcore.engine.compiled import run as compiled
from simcore.engine.compiled.run import CompiledEngine
from simcore.engine.plan_check import check_plan
from simcore.engine.shortcuts import Shortcuts
from simcore.machine.line_writes import no_line_writes
from simcore.machine.machine import build_machine
from simcore.program.program import Op, Program, Reg, Seg
from simcore.program.segments import Segments
from simcore.spec import System, load_system
from workloads.dataflow.lowering import lower
from workloads.layers import Add
from workloads.network import LayerInstance

#: The outcomes of the Programs: run, refused, or found to be stuck.
SEEN: Counter[str] = Counter()

#: Columns that say when, not where. A changed value makes a run take any time or end stuck, but touches no other data.
TIMES = {"segments": (Seg.DUE, Seg.DUE_STRIDE, Seg.AFTER_WRITE), "ops": (Op.DEP_COUNT, Op.ADDRESS)}
#: Programs with more elements or words than this are skipped, to save time.
LARGEST_RUN = 2000


class Watched(np.ndarray):
    """A table that rejects indices below 0."""

    def __getitem__(self, index: Any) -> Any:
        return super().__getitem__(_upward(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(_upward(index), value)


def _upward(index: Any) -> Any:
    for part in index if isinstance(index, tuple) else (index,):
        if not isinstance(part, slice) and np.isscalar(part) and part < 0:
            raise IndexError(f"index {part} is below 0")
    return index


def watched(value: Any) -> Any:
    """Return an argument of a kernel with watched tables."""
    if isinstance(value, np.ndarray):
        return value.view(Watched)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(watched, value))
    return value


def watch(module: Any, name: str) -> None:
    """Make a kernel work on watched tables."""
    kernel = getattr(module, name)
    setattr(module, name, lambda *arguments: kernel(*map(watched, arguments)))


@st.composite
def edited(draw: st.DrawFn, program: Program) -> Program:
    """Return the Program with a few changed cells. A change is small or arbitrary."""
    tables = {"regions": program.regions.copy(), "ops": program.ops.copy(), "geometry": program.geometry[None].copy()}
    segments = [rows.copy() for rows in program.segments]
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from([*tables, "segments", "segments"]))
        table = draw(st.sampled_from([rows for rows in segments if len(rows)])) if name == "segments" else tables[name]
        if len(table) == 0:
            continue
        row = draw(st.integers(0, len(table) - 1))
        column = draw(st.sampled_from([at for at in range(table.shape[1]) if at not in TIMES.get(name, ())]))
        by = st.sampled_from((-2, -1, 1, 2, 3)).map(lambda step: int(table[row, column]) + step)  # noqa: B023
        table[row, column] = draw(st.one_of(by, st.sampled_from((-1, 0, 1, 2, 7, 1 << 40, -(1 << 63), (1 << 63) - 1))))
    return replace(
        program, segments=Segments.of_rows(segments), geometry=tables["geometry"][0], regions=tables["regions"], ops=tables["ops"]
    )


@given(system=systems(), layer=layers(), shortcuts=st.builds(Shortcuts), data=st.data())
def no_program_that_passes_the_check_reads_or_writes_out_of_bounds(
    system: System, layer: LayerInstance, shortcuts: Shortcuts, data: st.DataObject
) -> None:
    machine = build_machine(system)
    planned = lower(layer, system)
    assert planned is not None
    check_plan(planned, machine)
    program = data.draw(edited(planned))
    try:
        check_plan(program, machine)
    except RuntimeError as error:
        _expect("faulty plan", error)
        SEEN["refused"] += 1
        return
    sizes = [int((rows[:, Seg.COUNT] * rows[:, Seg.LANES]).sum()) for rows in program.segments]
    if max(sizes, default=0) > LARGEST_RUN or int(program.ops[:, Op.BYTES].sum()) > 64 * LARGEST_RUN:
        SEEN["left out"] += 1
        return
    try:
        CompiledEngine(machine, shortcuts, no_line_writes(machine)).run(program)
        SEEN["run"] += 1
    except RuntimeError as error:
        _expect("nothing can happen any more", error)
        SEEN["stuck"] += 1


def _expect(words: str, error: Exception) -> None:
    if words not in str(error):
        raise error


def planted_faults_are_found() -> None:
    """Assert that the check rejects words wider than lines and tiles below the first, and that watched tables reject them too."""
    system = load_system("edge-sram")
    machine = build_machine(system)
    layer = LayerInstance("add", Add("add"), ((4, 4, 4), (4, 4, 4)), (4, 4, 4), 1, ("a", "b"))
    planned = lower(layer, system)
    assert planned is not None
    for column, value in ((Reg.WORD_BYTES, 2 * machine.scratchpads[0].line_bytes), (Reg.FIRST_TILE, -planned.tiles)):
        regions = planned.regions.copy()
        regions[0, column] = value
        program = replace(planned, regions=regions)
        _must_raise(RuntimeError, lambda program=program: check_plan(program, machine))
        _must_raise(IndexError, lambda program=program: CompiledEngine(machine, None, no_line_writes(machine)).run(program))


def _must_raise(kind: type[Exception], call: Callable[[], Any]) -> None:
    try:
        call()
    except kind:
        return
    raise AssertionError(f"expected {kind.__name__}")


if __name__ == "__main__":
    examples = int(sys.argv[1])
    watch(compiled, "RUN_LAYER")
    watch(counting, "COUNT_LAYER")
    planted_faults_are_found()
    quiet = settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    quiet(no_program_that_passes_the_check_reads_or_writes_out_of_bounds)()
    print(dict(SEEN))
    assert SEEN["run"] > examples // 10
    assert SEEN["refused"] > examples // 10

"""A 2x2 array worked out by hand: the contents of each PE in each step, and when each result leaves and is written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from machines import instance_of
from test_pe_values import QUICK, machine, run

from simcore.clock import Phase
from simcore.engine.reference.array import ArrayControl
from simcore.engine.reference.clock import PhaseClock
from simcore.engine.reference.operands import Operands
from simcore.engine.reference.pe import PeArray
from simcore.program.program import Fold, Int64Array
from workloads.dataflow import lower
from workloads.dataflow.dataflow import Dataflow
from workloads.dataflow.flows.input_stationary import INPUT_STATIONARY
from workloads.dataflow.flows.output_stationary import OUTPUT_STATIONARY
from workloads.dataflow.flows.weight_stationary import WEIGHT_STATIONARY
from workloads.dataflow.values import operand_images, result_tensor
from workloads.layers import MatMul

#: What leaves a PE array: by (time, lane), the step at which it was there first, and the value.
Left = dict[tuple[int, int], tuple[int, int]]


def step_by_step(dataflow: Dataflow, fold: Fold, steps: int, west: Int64Array, north: Int64Array) -> Left:
    """Feed the edges of a 2x2 array, [time, lane] each, and note when a result leaves it."""
    clock = PhaseClock()
    pes = PeArray(clock, dataflow.roles, 2, 2, (fold,))
    for feed, values in ((pes.from_west, west), (pes.from_north, north)):
        feed.update({(lane, 0, time): int(values[time, lane]) for time in range(len(values)) for lane in range(2)})
    found: Left = {}

    def control() -> Any:
        for step in range(steps):
            yield clock.next(Phase.ADVANCE)
            found.update({(t, lane): (step - 1, v) for (_, t, lane), v in pes.results.items() if (t, lane) not in found})
            pes.step(step)
        yield clock.next(Phase.ADVANCE)
        found.update({(t, lane): (steps - 1, v) for (_, t, lane), v in pes.results.items() if (t, lane) not in found})

    clock.run(until=clock.process(control()))
    assert not pes.from_west
    assert not pes.from_north
    return found


def test_weight_stationary_by_hand() -> None:
    """Weights [[1, 2], [3, 4]] enter from the north, last row first: (3, 4) in step 0, (1, 2) in step 1; streaming starts at 2.

    Pixel (5, 6) enters row 0 in step 2 and row 1 in step 3; pixel (7, 8) one step later.
    Step 2: PE00 5*1 = 5.  Step 3: PE01 5*2 = 10, PE00 7*1 = 7, PE10 5 + 6*3 = 23, out.
    Step 4: PE01 7*2 = 14, PE11 10 + 6*4 = 34, out, PE10 7 + 8*3 = 31, out.  Step 5: PE11 14 + 8*4 = 46, out.
    """
    fold = Fold(preload_start=0, stream_start=2, rows=2, columns=2, times=2, m0=0, n0=0, k0=0)
    left = step_by_step(WEIGHT_STATIONARY, fold, 6, west=np.array([[5, 6], [7, 8]]), north=np.array([[1, 2], [3, 4]]))
    assert left == {(0, 0): (3, 23), (0, 1): (4, 34), (1, 0): (4, 31), (1, 1): (5, 46)}


def test_input_stationary_by_hand() -> None:
    """As above with the operands' parts exchanged: pixels wait in the columns, filters stream.

    Pixels (1, 3) and (2, 4) wait in columns 0 and 1; filter (5, 6) enters row 0 in step 2 and row 1 in step 3.
    Pixel 0 x filter 0 = 5*1 + 6*3 = 23 leaves column 0 in step 3, pixel 1 x filter 0 = 5*2 + 6*4 = 34 column 1 in step 4.
    """
    fold = Fold(preload_start=0, stream_start=2, rows=2, columns=2, times=1, m0=0, n0=0, k0=0)
    left = step_by_step(INPUT_STATIONARY, fold, 5, west=np.array([[5, 6]]), north=np.array([[1, 2], [3, 4]]))
    assert left == {(0, 0): (3, 23), (0, 1): (4, 34)}


def test_output_stationary_by_hand() -> None:
    """Pixels (1, 2), (3, 4) from the west, filters (5, 6), (7, 8) from the north; tap t of lane l enters in step t + l.

    Tap 0: 1 and 3 from the west, 5 and 7 from the north; tap 1: 2 and 4, 6 and 8.
    Step 0: PE00 1*5.  Step 1: PE00 5 + 2*6 = 17, whole; PE01 1*7, PE10 3*5.
    Step 2: PE01 7 + 2*8 = 23 and PE10 15 + 4*6 = 39, whole; PE11 3*7.  Step 3: PE11 21 + 4*8 = 53, whole.
    """
    fold = Fold(preload_start=-1, stream_start=0, rows=2, columns=2, times=2, m0=0, n0=0, k0=0)
    left = step_by_step(OUTPUT_STATIONARY, fold, 4, west=np.array([[1, 3], [2, 4]]), north=np.array([[5, 7], [6, 8]]))
    assert left == {(0, 0): (1, 17), (0, 1): (2, 23), (1, 0): (2, 39), (1, 1): (3, 53)}


def test_weights_behind_a_wave_by_hand() -> None:
    """Folds of one pixel each, two steps apart: weights [[1, 2], [3, 4]], then [[5, 6], [7, 8]], pixels (1, 10) and (100, 1000).

    Column 0 takes 3 in step 0 and 1 in step 1, when PE10 has the 3 that came down; column 1 takes 4 and 2 a step later. Pixel 0
    enters PE00 in step 2, where it swaps in the 1, while the 7 takes the 1's place; PE10 swaps in the 3 in step 3, while the 7
    comes down. PE11 swaps in the 4 in step 4 and takes the 8.
    Step 2: PE00 1*1.  Step 3: PE01 1*2, PE10 1 + 10*3 = 31, out.  Step 4: PE11 2 + 10*4 = 42, out, PE00 100*5.
    Step 5: PE01 100*6, PE10 500 + 1000*7 = 7500, out.  Step 6: PE11 600 + 1000*8 = 8600, out.
    """
    folds = tuple(Fold(2 * i, 2 * i + 2, rows=2, columns=2, times=1, m0=0, n0=0, k0=0) for i in range(2))
    clock = PhaseClock()
    pes = PeArray(clock, replace(WEIGHT_STATIONARY.roles, behind_wave=True), 2, 2, folds)
    weights, pixels = np.arange(1, 9).reshape(2, 2, 2), np.array([[1, 10], [100, 1000]])
    for fold, row, lane in np.ndindex(2, 2, 2):
        pes.from_north[lane, fold, row] = int(weights[fold, row, lane])
        pes.from_west[row, fold, 0] = int(pixels[fold, row])
    left: list[dict[tuple[int, int, int], int]] = []

    def control() -> Any:
        for step in range(7):
            yield clock.next(Phase.ADVANCE)
            left.append(dict(pes.results))
            pes.results.clear()
            pes.step(step)
        yield clock.next(Phase.ADVANCE)
        left.append(dict(pes.results))

    clock.run(until=clock.process(control()))
    assert left == [{}, {}, {}, {}, {(0, 0, 0): 31}, {(0, 0, 1): 42}, {(1, 0, 0): 7500}, {(1, 0, 1): 8600}]


@dataclass(eq=False)
class Noted(Operands):
    """Operands that keep the values in the order in which they are written."""

    order: list[int] = field(default_factory=list)

    def write(self, region: int, tile: int, word: int, value: int) -> None:
        """Note the value and write it."""
        self.order.append(value)
        super().write(region, tile, word, value)


@pytest.mark.parametrize(
    ("dataflow", "edge", "written_in", "order"),
    [
        # Results of a pixel leave the skew registers together when the second lane's is there, in steps 4 and 5. Fetched with
        # skew, step 3 writes lane 0 of the first pixel, step 4 lane 0 of the second and lane 1 of the first.
        ("ws", "skew-registers", [4, 5], [23, 34, 31, 46]),
        ("ws", "skewed-fetch", [3, 4, 5], [23, 31, 34, 46]),
        # The same with filters for pixels: they are what streams, lane l is pixel l.
        ("is", "skew-registers", [4, 5], [23, 31, 34, 46]),
        ("is", "skewed-fetch", [3, 4, 5], [23, 34, 31, 46]),
        # PE row 0 is whole in step 2, PE row 1 in step 3.
        ("os", "skew-registers", [2, 3], [23, 34, 31, 46]),
        ("os", "skewed-fetch", [1, 2, 3], [23, 31, 34, 46]),
    ],
)
def test_results_of_a_2x2_product_are_written_in_the_steps_worked_out_by_hand(
    monkeypatch: pytest.MonkeyPatch, dataflow: str, edge: str, written_in: list[int], order: list[int]
) -> None:
    """[[5, 6], [7, 8]] by [[1, 2], [3, 4]] is [[23, 34], [31, 46]]."""
    steps: list[int] = []
    post = ArrayControl._post
    monkeypatch.setattr(ArrayControl, "_post", lambda self, element: (steps.append(self.step), post(self, element)))
    instance = instance_of(MatMul("matmul"), ((2, 2), (2, 2)))
    system = machine((dataflow, "none", edge, "ofmap"), 2, 2, QUICK)
    program = lower(instance, system, with_folds=True)
    assert program is not None
    operands = Noted(operand_images(program, instance, np.array([[[5, 6], [7, 8]]]), np.array([[[1, 2], [3, 4]]])))
    outcome = run(system, program, operands)
    assert steps == written_in
    assert operands.order == order
    assert result_tensor(program, instance, operands.read).tolist() == [[[23, 34], [31, 46]]]
    assert outcome.compute_cycles == written_in[-1] + 1

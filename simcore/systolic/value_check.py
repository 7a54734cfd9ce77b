"""The check of values: the PEs of the reference engine multiply drawn numbers, and numpy's product checks their results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from simcore.errors import WrongValuesError
from simcore.program.program import Int64Array, Program
from simcore.systolic.planned import PlannedLayer

if TYPE_CHECKING:
    from simcore.engine.reference.operands import Operands
    from simcore.spec import System
    from workloads.network import LayerInstance

#: The finding for a layer whose every value equals numpy's.
EQUAL = "equal"


class ValueCheck:
    """Operands for the layers that the array runs, and the comparison of their results with numpy's.

    ``said`` holds, by layer name, "equal" or the reason why a layer has no values. Operands are int8 numbers drawn from the
    System's ``seed`` and the layer's name, so they do not depend on the choice of layers.
    """

    def __init__(self, planned: Sequence[PlannedLayer], system: System) -> None:
        self.said = {layer.instance.name: _without_values(layer) for layer in planned}
        self._system = system
        self._running = [layer.instance for layer in planned if layer.runs]
        self._under_way: _Drawn | None = None

    def operands(self, index: int, program: Program) -> Operands | None:
        """Return the operands of the layer that runs next, as number ``index``. Return None for a layer of the vector unit."""
        self._under_way = None
        if not program.folds:
            return None
        self._under_way = _drawn(self._running[index], program, self._system)
        return self._under_way.operands

    def compare(self) -> None:
        """Compare the results of the layer that has just run. Raise WrongValuesError with the first value that differs."""
        if self._under_way is None:
            return
        from workloads.dataflow.values import require_equal

        drawn, self._under_way = self._under_way, None
        name = drawn.program.name
        try:
            found = drawn.found()
        except WrongValuesError as error:
            raise WrongValuesError(f"layer '{name}': {error}") from error
        require_equal(name, found, drawn.expected)
        self.said[name] = EQUAL


@dataclass(frozen=True)
class _Drawn:
    """The running layer, the operands of its PEs, the expected result, and a function that reads the result found."""

    program: Program
    operands: Operands
    expected: Int64Array
    found: Callable[[], Int64Array]


def _drawn(instance: LayerInstance, program: Program, system: System) -> _Drawn:
    from simcore.engine.reference.operands import Operands
    from workloads.dataflow import values
    from workloads.dataflow.lowering import under_shape_rule

    random = np.random.default_rng(np.random.SeedSequence([system.seed, *instance.name.encode()]))
    ruled = under_shape_rule(instance, system.shapes)
    first, second = values.draw_tensors(ruled, random)
    operands = Operands(values.operand_images(program, ruled, first, second))
    found = partial(values.result_tensor, program, ruled, operands.read)
    return _Drawn(program, operands, values.numpy_product(ruled, first, second), found)


def _without_values(layer: PlannedLayer) -> str:
    if layer.fused_into is not None:
        return f"none: joined {layer.fused_into}"
    return "none: vector unit" if layer.runs else "none: moves no data"

"""What a command imports before it needs it, which is most of the time that a small run takes."""

from __future__ import annotations

import os

import pytest
from fresh_python import imported_by

from simcore.engine.compiled.cache import is_cold
from simcore.engine.compiled.kernels import COUNT_LAYER, RUN_LAYER, RUN_MEMORY

jit_is_off = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")

HEAVY = ["numba", "pandas", "pyarrow", "scipy", "simpy", "onnx", "torch", "matplotlib"]
COMMAND = """
import sys
asked, sys.argv = sys.argv, ['simcore', {arguments}]
from simcore.cli import main
try: main()
except SystemExit: pass
sys.argv = asked
"""


@pytest.mark.skipif(jit_is_off, reason="without compiled kernels, plain functions are imported")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        ("'run', 'lenet5'", "energy in all"),
        ("'run', 'lenet5', '--training', '--batch', '2', '--system', 'train-stt', '--quiet'", "cycles"),
        ("'run', 'lenet5', '--system', 'edge-sram-ddr4'", "row hits"),
        ("'list', 'systems'", "edge-sram"),
    ],
)
def test_a_warm_command_imports_neither_numba_nor_pandas(arguments: str, printed: str) -> None:
    for kernel in (RUN_LAYER, COUNT_LAYER, RUN_MEMORY):
        kernel.load()
    assert not is_cold()
    imported_by(COMMAND.format(arguments=arguments), HEAVY)  # keeps the machine's bank timings, too
    found, output = imported_by(COMMAND.format(arguments=arguments), HEAVY)
    assert printed in output
    assert found == set()


def test_the_tables_of_a_run_are_made_of_its_rows() -> None:
    from simcore import simulate

    results = simulate("lenet5")
    rows = results.layers.astype(object).where(results.layers.notna(), None).to_dict("records")
    plain = [{name: None if value != value else value for name, value in row.items()} for row in results.layer_rows]
    assert rows == plain
    assert list(results.totals.itertuples(index=False, name=None)) == results.total_rows
    assert dict(results.energy.itertuples(index=False, name=None)) == results.part_energies_pj
    assert results.totals.set_index("metric")["value"]["energy_pj"] == results.layers["energy_pj"].sum()

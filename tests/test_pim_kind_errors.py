"""Bad input of the kind `pim-dram`: one clear error each."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import invoke

from simcore import InputError, simulate
from simcore.results.trace_files import TraceOrder

BAD = {
    "dram.standard=ddr4_2400x": "expected a DRAM standard, a preset or a file, got 'ddr4_2400x'",
    "dram.standard=ddr5_4800an": "no command COPY",
    "dram.overrides={nRCDX: 3}": "nRCDX",
    "dram.overrides={nRCD: -1}": "overrides",
    "dram.overrides={nREFI: 100}": "expected tRFC <= tREFI",
    "banks=0": "banks",
    "banks=17": "expected at most 16, as pim-ddr4_2666 has",
    "active_subarrays=65": "expected at most 64",
    "active_subarrays=0": "active_subarrays",
    "limits.refresh=sometimes": "limits.refresh",
    "limits.refresh=per-bank": "has no per-bank refresh",
    "limits.aap_activations=3": "limits.aap_activations",
    "limits.aap_activations=true": "expected 1 or 2, got true",
    "limits.power_cycles=-1": "limits.power_cycles",
    "limits.tfaw=maybe": "limits.tfaw",
    "limits.tfav=false": "tfaw",
    "program=mja": "no family of micro-programs 'mja'",
    "program=none.py:PROGRAM": "none.py",
    "program=''": "program",
    "precision.weight_bits=0": "precision.weight_bits",
    "precision.weight_bits=17": "precision.weight_bits",
    "precision.activation_bits=4.5": "precision.activation_bits",
    "pairs_per_column=0": "pairs_per_column",
    "pairs_per_column=1000": "pairs_per_column: expected at most 58 pairs, got 1000; one pair takes 56 of the 512 rows",
    "placement=apart": "placement",
    "banks_per_layer=2": "expected none, because all banks work on each layer",
    "banks_per_layer=0": "banks_per_layer",
    "weights=forgotten": "weights",
    "operands=post": "operands",
    "periphery.tree_columns=0": "periphery.tree_columns",
    "periphery.clock_hz=fast": "periphery.clock_hz",
    "core_clock_hz=1 GHz": "expected no core_clock_hz in a machine of this kind",
    "words.ifmap_bytes=2": "expected no words in a machine of this kind",
    "array.rows=3": "array",
}


@pytest.mark.parametrize("change", BAD)
def test_bad_input_is_one_clear_error(change: str) -> None:
    result = invoke("run", "lenet5", "--system", "pim-dram-ddr4", "--set", change)
    assert result.exit_code == 2, result.output
    assert BAD[change] in result.stderr
    assert "Traceback" not in result.output
    assert result.stderr.count("simcore:") == 1


def test_what_the_kind_cannot_do_is_refused() -> None:
    with pytest.raises(InputError, match="has no dataflows"):
        simulate("lenet5", "pim-dram-ddr4", dataflow="ws")
    with pytest.raises(InputError, match="no engine named"):
        simulate("lenet5", "pim-dram-ddr4", engine="formula")
    with pytest.raises(InputError, match="has no scratchpads to trace"):
        simulate("lenet5", "pim-dram-ddr4", trace=TraceOrder(Path()))
    with pytest.raises(InputError, match="none of the layers"):
        simulate("lenet5", "pim-dram-ddr4", layers="tanh1")
    with pytest.raises(InputError, match="expected at most 16, as pim-ddr4_2666 has, got 17"):
        simulate("lenet5", "pim-dram-ddr4", overrides=("placement=pipelined", "banks_per_layer=17"))
    with pytest.raises(InputError, match="the limit is"):
        simulate("vgg16", "pim-dram-ddr4", engine="simpy")


def test_a_file_of_the_kind_is_validated(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("kind: pim-dram\nextends: pim-dram-ddr4\nbanks: 99\nprecision: {weight_bits: 0}\n")
    result = invoke("validate", str(path))
    assert result.exit_code == 2
    assert "mine.yaml:3" in result.stderr
    assert "mine.yaml:4" in result.stderr
    path.write_text("kind: pim-dram\nextends: pim-dram-ddr4\npairs_per_column: 59\n")
    assert "mine.yaml:3: pairs_per_column: expected at most 58 pairs, got 59" in invoke("validate", str(path)).stderr
    for line in ("program: majj", "pairs_per_column: 59"):
        path.write_text(f"kind: pim-dram\nextends: pim-dram-ddr4\n{line}\n")
        told = invoke("validate", str(path)).stderr
        assert "mine.yaml:3: " in told
        assert invoke("run", "lenet5", "--system", str(path)).stderr == told
    path.write_text("kind: pim-dram\nextends: pim-dram-ddr4\nbanks: 4\n")
    assert invoke("validate", str(path)).exit_code == 0

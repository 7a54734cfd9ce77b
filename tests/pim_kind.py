"""What the tests of the kind `pim-dram` share."""

from __future__ import annotations

import pytest

from simcore.results import Results

PRESETS = ("pim-dram-ddr3", "pim-dram-ddr4", "pim-dram-hbm2")
#: Rows so short that layers of LeNet-5 fill all banks, and few bits, so that the reference engine runs them in no time.
SMALL = ("dram.overrides={column: 16}", "precision={weight_bits: 2, activation_bits: 2}")


def require_conserved(results: Results) -> None:
    layers, tables = results.layers, results.tables()
    causes = layers[[f"stall_{cause}_cycles" for cause in results.kind.causes]].sum(axis=1)
    assert (layers["compute_cycles"] + causes == layers["cycles"]).all()
    assert layers["cycles"].sum() == results.cycles == results.passes["cycles"].sum()
    assert results.stalls["cycles"].sum() == causes.sum()
    phases = tables["phases"]
    every = phases[phases["image"] == "every"].groupby("layer", sort=False)["cycles"].sum()
    assert (every == layers[layers["cycles"] > 0].set_index("layer")["cycles"]).all()
    assert results.scratchpads["stall_cycles"].sum() == causes.sum()
    issued = results.to_json()["commands"]
    assert issued["ACT"] >= 2 * issued["AAP"] + issued["AP"]
    assert issued["PRE"] == issued["ACT"] - issued["AAP"]
    energy = layers[[name for name in layers if name.endswith("_pj") and name != "energy_pj"]]
    assert energy.sum(axis=1).tolist() == pytest.approx(layers["energy_pj"].tolist())
    assert sum(results.part_energies_pj.values()) == pytest.approx(layers["energy_pj"].sum())
    assert results.part_energies_pj["activate"] > 0

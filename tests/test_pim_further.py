"""Subarrays of a bank with work of their own or none: by hand, and in pipelines, whose stages have work for different numbers.

DDR4-2666: an operation takes tRAS + tRP = 62 cycles.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_pim_beside import IDLE
from test_pim_transfers import DRAM

from simcore import simulate
from simcore.engine.micro_programs import run_work
from simcore.errors import InputError
from simcore.pim.limits import NO_LIMITS
from simcore.pim.sequence import repeated, row_hold
from simcore.pim.work import PimWork, banks_of

ROW = row_hold(DRAM, 0, 1)


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
@pytest.mark.parametrize("lock_step", [True, False])
def test_subarrays_without_work_issue_nothing_and_hold_nobody_up_by_hand(engine: str, lock_step: bool) -> None:
    three, two = repeated(ROW, 3), repeated(ROW, 2)
    outcome = run_work(PimWork(DRAM, NO_LIMITS, (three, two), 3, lock_step, further=((two, IDLE), (IDLE, IDLE))), engine)
    # Subarray 0 of both banks, then subarray 1, then subarray 2.
    assert outcome.finished.tolist() == [3 * 62, 2 * 62, 2 * 62, 0, 0, 0]
    assert outcome.counts == {"ACT": 7, "HOLD": 7, "PREpb": 7}
    assert not outcome.stalls.any()


@pytest.mark.parametrize("further", [((ROW,),), ((ROW, ROW), (ROW, ROW))])
def test_each_further_subarray_of_each_bank_has_a_sequence(further) -> None:
    with pytest.raises(InputError, match="expected sequences of 2 banks for each of 1 further subarrays, got"):
        PimWork(DRAM, NO_LIMITS, (ROW, ROW), 2, further=further)


@pytest.mark.parametrize(
    "more",
    [
        ("limits.refresh=none",),
        ("limits.refresh=all-bank", "dram.overrides={rank: 2, nREFI: 1500}"),
        ("row_copies=true", "weights=reloaded", "banks=3", "banks_per_layer=null"),
        ("overlap_transfers=true",),
        ("banks=3", "limits.refresh=none", "banks_per_layer=null"),
    ],
)
def test_only_subarrays_with_work_run_in_a_pipeline(more: tuple[str, ...], tmp_path: Path) -> None:
    """The counted commands are those of the stream, in all and bank by bank, and no subarray without work computes."""
    stream = tmp_path / "stream.csv"
    bits = ("precision={weight_bits: 2, activation_bits: 2}", "placement=pipelined", "active_subarrays=4", "banks_per_layer=1")
    results = simulate("lenet5", "pim-dram-ddr4", overrides=(*bits, *more), commands=stream)
    machine, issued = results.details["machine"], results.to_json()["commands"]
    assert len({done.phase.subarrays for run in results.runs if (done := first_multiply(run))}) > 1
    assert issued["REF"] > 0 or "limits.refresh=all-bank" not in more
    lines = pd.read_csv(stream)
    names = lines["command"]
    raises = names.str.match("ACT|COPY|LAND")
    assert (int(raises.sum()), int(names.str.startswith("PRE").sum())) == (issued["ACT"], issued["PRE"])
    assert [int((names == name).sum()) for name in ("RD", "WR", "REFab")] == [issued[name] for name in ("RD", "WR", "REF")]
    activations = results.tables()["activations"]
    of_banks = activations.groupby("scratchpad", sort=False)["row_activations"].sum().tolist()
    banks = [tuple(bank[1:]) for bank in banks_of(machine.channel_dram)][: machine.banks]
    raised = lines[raises].groupby(["rank", "bankgroup", "bank"]).size()
    assert [int(raised.get(bank, 0)) for bank in banks] == of_banks
    assert np.array_equal(results.banks["busy_cycles"] > 0, activations["row_activations"] > 0)


def first_multiply(run):
    """The first multiplication of a layer, if it has one."""
    done = run.facts["done"]
    return next((each for each in done.phases if each.phase.kind == "multiply"), None) if done is not None else None

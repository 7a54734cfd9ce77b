"""Cycles and energy of a training step on a chip, against those of the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simcore.errors import InputError
from simcore.simulation import simulate
from simcore.spec import System, load_system
from simcore.studies.stt_mram.systems import OPTIMIZER
from simcore.studies.stt_mram.variants import PRESET
from workloads.faults.chip import PAD_NAMES, Chip, chip_system
from workloads.faults.device import MacroDevice
from workloads.learning.network import network_for
from workloads.learning.setup import TrainingSetup
from workloads.network import Network
from workloads.networks.images import Image
from workloads.training import training_step

#: With this override a tensor that fits stays in a scratchpad from layer to layer, as in the study's other systems.
STAYS = ("layer_results=scratchpads",)
#: Number of classes of digits and of CIFAR-10.
CLASSES = 10


def step_of(setup: TrainingSetup, image: Image) -> Network:
    """Return the training step of a setup's network and batch."""
    return training_step(network_for(setup.net, image, CLASSES, setup.batch), optimizer=OPTIMIZER)


def step_row(step: Network, chip: Chip, device: MacroDevice, more: Sequence[str] = ()) -> dict[str, Any]:
    """Return cycles and energies of a training step on one chip, or nothing if the cell has no macros with such words.

    ``write_uj`` counts the writes of all scratchpads, ``<pad>_write_uj`` those of one. ``more`` overrides keys of the machine.
    """
    try:
        results = simulate(step, chip_system(load_system(PRESET, (*chip.array, *more), of=System), chip, device))
    except InputError:
        return {}
    spent = {str(part): 1e-6 * float(energy_pj) for part, energy_pj in results.energy.itertuples(index=False)}
    writes = {f"{pad}_write_uj": spent.get(f"{pad}_write", 0.0) for pad in PAD_NAMES}
    return {"step_cycles": results.cycles, "write_uj": sum(writes.values()), **writes, "step_uj": sum(spent.values())}


def gains(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the gains of each row against the first: its energy over this row's, and this row's cycles over its."""
    first = rows[0]
    return [
        {
            "write_energy_gain": first["write_uj"] / row["write_uj"] if "write_uj" in row else float("nan"),
            "step_energy_gain": first["step_uj"] / row["step_uj"] if "step_uj" in row else float("nan"),
            "relative_cycles": row["step_cycles"] / first["step_cycles"] if "step_cycles" in row else float("nan"),
        }
        for row in rows
    ]

"""The assumptions behind the numbers of the study, which are printed with them."""

from __future__ import annotations

from simcore.studies.pim_dram.effects import POWER_CYCLES
from simcore.studies.pim_dram.settings import CLAIMS


def assumptions() -> tuple[str, ...]:
    """Return the assumptions, one sentence each."""
    claimed = ", ".join(f"{claim.speedup:g} times over {_OVER[claim.over]} ({claim.source})" for claim in CLAIMS)
    return (
        f"claimed: up to {claimed}; the configurations behind these figures are not public, the study looks for such factors "
        "and never assumes them",
        "DRAM: presets pim-dram-ddr3, pim-dram-ddr4 and pim-dram-hbm2, whose numbers have a source or say 'assumed'; one channel "
        "of DDR3 or DDR4, one stack of HBM2; a GPU has many more DRAM chips than that",
        "weights stay in their rows from image to image where they fit, and writing them the first time is not part of an image",
        "level 'all' counts every effect; 'no-limits' lifts tRRD, tFAW, the command bus and refresh; 'multiply-only' also leaves "
        "out the periphery and transfers; 'feasibility' also the initial rows of the micro-program and the lock-step, with one "
        "layer per bank and 49 ns for each row operation",
        "placement 'together' works on one image at a time, so its time between images is its latency; 'pipelined' gives layers "
        "banks of their own, and its time between images is that of the slowest banks",
        "a speedup is the yardstick's time per image over the time between images; the name of a yardstick ends with its batch",
        "GPU: rooflines in fp32 at 64.2 % of the peak in convolutions, the share measured on a Pascal Titan X, or in 8 bits at "
        "the same share of the peak of 8-bit products (assumed); measured: jcjohnson/cnn-benchmarks, cuDNN 5.1, batch 16",
        "ideal: infinite compute, every byte of a layer once over the memory of a Titan Xp, in fp32 or in words of 8 bits",
        "accuracy is not part of the study: networks at 1 and 2 bits need training of their own, and the GPU computes in fp32 or "
        "8 bits at every precision of the DRAM",
        f"the power limit allows 32 activations in {POWER_CYCLES} cycles, half of what tFAW of DDR4-2666 allows (assumed)",
        "energy: commands from the currents of the data sheet, several rows raised at once and the periphery as docs/pim-dram.md "
        "derives or assumes them; the host and the memory controller are not counted",
    )


_OVER = {"gpu": "a GPU", "ideal": "an ideal machine"}

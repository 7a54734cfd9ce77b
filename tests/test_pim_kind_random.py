"""Random machines of the kind `pim-dram`: what adds up, equal engines, and equal tables without the shortcuts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pim_kind import require_conserved

from simcore import simulate
from simcore.engine.shortcuts import Shortcuts
from workloads.layers import Activation, Add, Conv, Flatten, Input, Linear, Pool
from workloads.network import Network, NetworkBuilder

SWITCH = st.sampled_from(["true", "false"])


@st.composite
def machines(draw: st.DrawFn) -> tuple[str, ...]:
    """Overrides of pim-dram-ddr4: a machine with short rows, few banks and narrow operands."""
    pipelined = draw(st.booleans())
    chosen = {
        "dram.overrides": f"{{column: 16, rank: {draw(st.sampled_from([1, 2]))}, nWLOV: {draw(st.integers(0, 9))}}}",
        "banks": draw(st.integers(1, 6)),
        "active_subarrays": draw(st.integers(1, 3)),
        "lock_step": draw(SWITCH),
        **{f"limits.{name}": draw(SWITCH) for name in ("trrd", "tfaw", "command_bus", "count_rows")},
        "limits.power_cycles": draw(st.sampled_from([0, 600])),
        "limits.refresh": draw(st.sampled_from(["none", "all-bank"])),
        "limits.aap_activations": draw(st.sampled_from([1, 2])),
        "program": draw(st.sampled_from(["maj", "simdram"])),
        "initialised": draw(SWITCH),
        "precision.weight_bits": draw(st.integers(1, 3)),
        "precision.activation_bits": draw(st.integers(1, 3)),
        "pairs_per_column": draw(st.integers(1, 3)),
        "placement": "pipelined" if pipelined else "together",
        "weights": draw(st.sampled_from(["resident", "reloaded"])),
        "operands": draw(st.sampled_from(["transposer", "bus"])),
        "transfers": draw(SWITCH),
        "row_copies": draw(SWITCH),
        "overlap_transfers": draw(SWITCH) if pipelined else "false",
        "periphery.enabled": draw(SWITCH),
    }
    return tuple(f"{key}={value}" for key, value in chosen.items())


def small_network(batch: int) -> Network:
    builder = NetworkBuilder("small")
    image = builder.add(Input("image", (4, 7, 7)))
    first = builder.add(Conv("conv", 6, kernel=3, padding=1), [image])
    builder.add(Activation("relu", "relu"))
    second = builder.add(Conv("branch", 6, kernel=1), [first])
    builder.add(Add("sum"), [first, second])
    builder.add(Pool("pool", "max", kernel=2, stride=2))
    builder.add(Flatten("flat"))
    builder.add(Linear("fc", 9))
    return builder.build(batch)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(overrides=machines(), batch=st.integers(1, 3))
def test_random_machines_conserve_cycles_and_energy(overrides: tuple[str, ...], batch: int) -> None:
    require_conserved(simulate(small_network(batch), "pim-dram-ddr4", overrides=overrides))


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(overrides=machines())
def test_engines_and_shortcuts_agree_on_random_machines(overrides: tuple[str, ...]) -> None:
    network = small_network(1)
    tables = simulate(network, "pim-dram-ddr4", overrides=overrides).tables()
    plain = simulate(
        network, "pim-dram-ddr4", overrides=overrides, shortcuts=Shortcuts(equal_layers=False, pim_replay=False)
    ).tables()
    meant = simulate(network, "pim-dram-ddr4", engine="simpy", overrides=overrides).tables()
    for name, table in tables.items():
        assert table.equals(plain[name]), name
        assert table.equals(meant[name]), name

"""Row copies in whole layers: which rows they bring, what they save, and that nothing is lost."""

from __future__ import annotations

import pytest
from pim_kind import require_conserved

from simcore import simulate
from simcore.errors import InputError
from simcore.pim_dram.printed import printed_lines, printed_tables
from simcore.results import Results
from workloads.layers import Conv, Flatten, Input, Linear, Pool
from workloads.network import Network, NetworkBuilder

#: Whole networks or machines, a tenth of a second and more each.
pytestmark = pytest.mark.slow


def run(network: Network, *overrides: str) -> tuple[Results, Results]:
    """The same network with its rows over the bus, and with row copies."""
    base = ("precision.weight_bits=2", "precision.activation_bits=2", *overrides)
    found = tuple(simulate(network, "pim-dram-ddr4", overrides=(*base, f"row_copies={on}")) for on in ("false", "true"))
    for results in found:
        require_conserved(results)
    return found[0], found[1]


def convs(*names: str) -> Network:
    """Convolutions of 8 channels of 64 x 64 pixels each: a row of 65,536 columns holds its results of 2 bits."""
    builder = NetworkBuilder("convs")
    builder.add(Input("image", (8, 64, 64)))
    for name in names:
        builder.add(Conv(name, 8, kernel=1))
    return builder.build(1)


def phases(results: Results, kind: str, image: str = "every") -> list[tuple[int, int, int]]:
    """Repeats, banks and subarrays of the phases of a kind."""
    table = results.tables()["phases"]
    table = table[(table["phase"] == kind) & (table["image"] == image)]
    return list(table[["phase_repeats", "phase_banks", "phase_subarrays"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(("weights", "image"), [("reloaded", "every"), ("resident", "first")])
def test_weights_that_subarrays_of_a_bank_share_cross_the_bus_once(weights: str, image: str) -> None:
    bus, copies = run(convs("conv"), "banks=1", "active_subarrays=4", f"weights={weights}", "limits.tfaw=false")
    mapped = bus.runs[-1].facts["mapped"]
    assert (mapped.banks, mapped.units_per_bank, mapped.weight_sets_per_unit, mapped.weight_sets_per_bank) == (1, 4, 1, 1)
    # Two rows of weights for each of four subarrays: eight rows over the bus, or two and six copies.
    assert (phases(bus, "weights", image), phases(bus, "copy", image)) == ([(2, 1, 4)], [])
    assert (phases(copies, "weights", image), phases(copies, "copy", image)) == ([(2, 1, 1)], [(6, 1, 1)])
    cycles = [sum(each.tables()["phases"].query("phase in ('weights', 'copy')")["cycles"]) for each in (bus, copies)]
    assert cycles[1] < cycles[0] - 6 * 700
    stalls = copies.tables()["phases"].query("phase == 'copy'")
    assert int(stalls["compute_cycles"].iloc[0]) == 6 * 62
    assert int(stalls["stall_row_copy_cycles"].iloc[0]) > 6 * 120


def test_weights_that_are_copied_in_one_stage_cross_the_bus_once_beside_others() -> None:
    """Both stages share a step; the second has no weights to copy, because each of its subarrays has filters of its own."""
    builder = NetworkBuilder("stages")
    builder.add(Input("image", (8, 64, 64)))
    builder.add(Conv("copied", 8, kernel=1))
    builder.add(Pool("pool", "max", kernel=64, stride=64))
    builder.add(Flatten("flat"))
    builder.add(Linear("own", 30000))
    alone = ("limits.refresh=none", "limits.trrd=false", "limits.tfaw=false", "limits.command_bus=false", "lock_step=false")
    more = ("placement=pipelined", "banks=2", "active_subarrays=4", "weights=reloaded", *alone)
    bus, copies = run(builder.build(1), *more)
    assert (phases(copies, "weights"), phases(copies, "copy")) == ([(2, 1, 1), phases(bus, "weights")[1]], [(6, 1, 1)])
    cycles = [list(each.tables()["phases"].query("phase == 'weights'")["cycles"]) for each in (bus, copies)]
    # Bursts of both banks alternate, 4 cycles apart: the first bank's from 19 on. Its row is closed CWL, a burst and tWR after
    # the last, and its second row opened tRP later. By then the second bank's next subarray has begun: it was opened a cycle
    # after the precharge of the one before, and writes 7 cycles apart, until the first bank is ready for the second time.
    reopened = 19 + 127 * 8 + 14 + 4 + 20 + 19
    beside = 23 + 127 * 8 + 14 + 4 + 20 + 1 + 19
    third = beside + 2 * 7
    assert third == reopened + 19
    # That subarray's operation is its first, so it comes before. Its last 126 bursts alternate with as many of the first bank,
    # whose last two come 7 cycles apart.
    last_write = third + 4 + 125 * 8 + 2 * 7
    assert cycles[1][0] == last_write + 14 + 4 + 20 + 19
    # Eight rows of a bank, one subarray after the other.
    assert cycles[0][0] > 8 * (19 + 127 * 7 + 14 + 4 + 20) > 3 * cycles[1][0]


@pytest.mark.parametrize("placement", ["together", "pipelined"])
def test_results_stay_in_their_bank(placement: str) -> None:
    bus, copies = run(convs("first", "second"), "banks=1", f"placement={placement}")
    assert [len(phases(each, "move")) for each in (bus, copies)] == [4, 2]
    # One row, over a third of the 64 subarrays of the bank: 3 tRAS + 2 tRP, eleven moves, and a cycle between the precharges.
    assert (phases(bus, "copy"), phases(copies, "copy")) == ([], [(1, 1, 1)])
    done = copies.tables()["phases"].query("phase == 'copy'")
    assert int(done["cycles"].iloc[0]) == 3 * 43 + 2 * 19 + 11 * 22 + 1
    moved = [sum(each.tables()["phases"].query("phase in ('move', 'copy')")["cycles"]) for each in (bus, copies)]
    assert moved[1] < 0.8 * moved[0]
    parts = [dict(zip(each.energy["part"], each.energy["energy_pj"], strict=True)) for each in (bus, copies)]
    assert parts[0]["row_copy"] == 0 < parts[1]["row_copy"]
    assert parts[1]["transfer"] == pytest.approx(parts[0]["transfer"] / 2)
    assert parts[1]["row_copy"] < parts[0]["transfer"] / 2
    commands = copies.to_json()["commands"]
    assert (commands["LINK"], "LINK" in bus.to_json()["commands"]) == (11, False)
    assert commands["ACT"] == 2 * commands["AAP"] + commands["AP"] + bus_rows(copies)


def bus_rows(results: Results) -> int:
    """Activations beside those of programs: rows of transfers, held rows, and two for each copied row."""
    table = results.tables()["phases"].query("image == 'every'")
    found = 0
    for kind, repeats in zip(table["phase"], table["phase_repeats"], strict=True):
        found += repeats * {"multiply": 2 + 4, "copy": 2, "move": 1, "vector": 1}[kind]
    return found


def test_short_rows_are_not_worth_a_copy() -> None:
    _, copies = run(convs("first", "second"), "banks=1", "dram.overrides={column: 16}")
    assert phases(copies, "copy") == []


NO_SHARED = "no two subarrays of a bank need the same rows of weights"


@pytest.mark.parametrize(
    ("names", "more", "why"),
    [
        (
            ("first", "second"),
            ("banks=1", "dram.overrides={column: 16}"),
            "the bus brings those rows sooner that could be copied",
        ),
        (("first", "second"), ("banks=1", "transfers=false"), "no row crosses the bus in counted time (transfers: false)"),
        (("conv",), ("banks=1",), f"{NO_SHARED}, and no results stay in a single bank"),
        (("first", "second"), ("banks=1", "operands=bus"), f"{NO_SHARED}, and the operands of each round cross the bus"),
    ],
)
def test_a_run_without_copies_says_why(names: tuple[str, ...], more: tuple[str, ...], why: str) -> None:
    bus, copies = run(convs(*names), *more)
    assert phases(copies, "copy") == phases(copies, "copy", "first") == []
    assert f"Placement: no row was copied, because {why}." in printed_lines(copies)
    assert not any("copied" in line for line in printed_lines(bus))
    assert not any("copied" in line for line in printed_lines(run(convs("first", "second"), "banks=1")[1]))


def test_a_run_without_moves_says_that_none_overlaps() -> None:
    more = ("overlap_transfers=true", "placement=pipelined", "banks=2")
    line = "Placement: no inputs or results move beside multiplications, because they take no time (transfers: false)."
    assert line in printed_lines(run(convs("first", "second"), *more, "transfers=false")[0])
    moving = run(convs("first", "second"), *more)[0]
    assert not any("beside multiplications" in line for line in printed_lines(moving))
    # A layer counts its moves although they take the time of its multiplications.
    assert printed_tables(moving)[0].title.endswith("; moves are added to the multiplications beside them")


def test_a_dram_of_single_subarrays_has_no_links() -> None:
    with pytest.raises(InputError, match="expected false, because a bank has only one subarray"):
        simulate("lenet5", "pim-dram-ddr4", overrides=("dram.overrides={row: 512}", "row_copies=true"))

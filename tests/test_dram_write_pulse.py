"""Write pulses of a non-volatile memory: RESET, SET, the longer of both, or a share of SETs drawn by a counter."""

import numpy as np
import pytest

from simcore.dram.controller import ControllerSpec, RowPolicySpec, WritePulseSpec
from simcore.dram.outcome import READ, WRITE, DramOutcome
from simcore.dram.resolve import load_dram
from simcore.dram.tables import ResolvedDram
from simcore.dram.trace import DramTrace
from simcore.dram.write_pulse import mixed, random_pulse
from simcore.engine.dram_traces import run_trace
from simcore.errors import InputError

ENGINES = ("compiled", "simpy")
PCM = load_dram("nvm_pcm")
#: RESET 100 ns and SET 150 ns at 400 MHz; tCWD 4, burst 4.
BEFORE, RESET, SET = 4 + 4, 40, 60


def run(
    *requests: tuple[int, int, int], engine: str = "compiled", dram: ResolvedDram = PCM, policy: str = "open", **pulse: object
) -> DramOutcome:
    """Requests: earliest cycle, operation, address."""
    trace = DramTrace(*np.array(requests, dtype=np.int64).T.copy())
    limit = {"accesses": 1} if policy == "closed-after" else {}
    controller = ControllerSpec(write_pulse=WritePulseSpec(**pulse), row_policy=RowPolicySpec(name=policy, **limit))
    return run_trace(dram, trace, controller, engine, record_commands=True)


def issued(outcome: DramOutcome) -> list[tuple[int, str]]:
    return [(clock, outcome.dram.commands[command]) for clock, command in outcome.commands[:, :2].tolist()]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("name", "command", "pulse"), [("worst", "WR", SET), ("reset", "WR0", RESET), ("set", "WR1", SET)])
def test_the_next_write_of_the_bank_waits_for_the_pulse(name: str, command: str, pulse: int, engine: str) -> None:
    # Two lines of one row: ACT at 1, tRCD 48.
    found = issued(run((0, WRITE, 0), (0, WRITE, 64), engine=engine, name=name))
    assert found == [(1, "ACT"), (49, command), (49 + BEFORE + pulse, command)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("name", "pulse"), [("worst", SET), ("reset", RESET), ("set", SET)])
def test_a_read_of_the_bank_and_a_precharge_wait_for_the_pulse_too(name: str, pulse: int, engine: str) -> None:
    # The second request comes when the write is under way.
    read = issued(run((0, WRITE, 0), (60, READ, 64), engine=engine, name=name))
    assert read[2] == (49 + BEFORE + pulse, "RD")
    other_row = issued(run((0, WRITE, 0), (60, READ, 1 << 12), engine=engine, name=name))
    assert other_row[2] == (49 + BEFORE + pulse, "PREpb")  # tWR is 0


@pytest.mark.parametrize("engine", ENGINES)
def test_another_bank_does_not_wait(engine: str) -> None:
    found = issued(run((0, WRITE, 0), (0, WRITE, 256), engine=engine, name="set"))
    # tRRD 4 between the ACTs; the second WR waits for tRCD only.
    assert found == [(1, "ACT"), (5, "ACT"), (49, "WR1"), (53, "WR1")]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_write_that_closes_its_row_has_a_pulse_as_well(engine: str) -> None:
    # STT-MRAM with a shorter RESET: tRCD 14, tCWD 10, burst 4, tWR 5, tRP 1.
    stt = load_dram("nvm_stt", {"nWP0": 10})
    outcome = run(
        (0, WRITE, 0), (0, WRITE, 64), (0, WRITE, 1 << 12), engine=engine, dram=stt, name="reset", policy="closed-after"
    )
    second = 15 + 10 + 4 + 10
    assert issued(outcome) == [
        (1, "ACT"), (15, "WR0"), (second, "WRA0"), (second + 10 + 4 + 10 + 5 + 1, "ACT"), (second + 30 + 14, "WR0")
    ]  # fmt: skip


def many(engine: str = "compiled", **pulse: object) -> DramOutcome:
    requests = [(0, WRITE, int(address)) for address in np.random.default_rng(5).permutation(2000) * 64]
    return run(*requests, engine=engine, **pulse)


def test_the_share_of_set_pulses_is_the_one_asked_for() -> None:
    for share in (0.1, 0.5, 0.9):
        counts = many(name="random", set_share=share).counts
        assert counts["WR0"] + counts["WR1"] == 2000
        # Four standard deviations of a binomial share.
        assert counts["WR1"] / 2000 == pytest.approx(share, abs=4 * (share * (1 - share) / 2000) ** 0.5)
    assert many(name="random", set_share=0).counts == many(name="reset").counts
    assert many(name="random", set_share=1).counts == many(name="set").counts
    cycles = [many(name=name).cycles for name in ("reset", "random", "set", "worst")]
    assert cycles[0] < cycles[1] < cycles[2] == cycles[3]


def test_pulses_depend_on_the_seed_and_on_the_order_of_the_writes_alone() -> None:
    def pulses(controller: ControllerSpec) -> dict[tuple[int, ...], int]:
        """The command of each line's write."""
        trace = DramTrace(*np.zeros((2, 500), dtype=np.int64), np.arange(500) * 6400)
        trace = DramTrace(trace.earliest, trace.op + WRITE, trace.address)
        outcome = run_trace(PCM, trace, controller, record_commands=True)
        return {tuple(row[2:]): row[1] for row in outcome.commands.tolist() if PCM.writes[row[1]]}

    random = WritePulseSpec(name="random", seed=7)
    first = pulses(ControllerSpec(write_pulse=random))
    assert len(first) == 500
    # Another schedule, the same data.
    assert pulses(ControllerSpec(write_pulse=random, scheduler="fcfs", write_queue=4)) == first
    assert pulses(ControllerSpec(write_pulse=WritePulseSpec(name="random", seed=8))) != first


def test_the_counter_by_hand() -> None:
    """SplitMix64 of 0 is 0xe220a8397b1dcdaf, the generator's first value from seed 0 as its authors publish it."""
    assert mixed(0) == 0xE220A8397B1DCDAF
    drawn = mixed(mixed(3 << 20 | 1) + 5) / 2**64
    for share, pulse in ((drawn - 1e-9, "reset"), (drawn + 1e-9, "set")):
        assert random_pulse(WritePulseSpec(name="random", set_share=share, seed=3), channel=1, number=5) == pulse


def test_a_standard_without_such_writes_is_refused() -> None:
    with pytest.raises(InputError, match="ddr4_2400r: no command with role write_reset, which write_pulse 'reset' needs"):
        run((0, WRITE, 0), dram=load_dram("ddr4_2400r"), name="reset")


def test_writes_that_differ_in_more_than_their_pulse_are_refused() -> None:
    table = {
        "extends": "nvm_pcm",
        "constraints": {"mine": {"level": "bank", "preceding": ["ACT"], "following": ["WR0"], "latency": "nRCD + 3"}},
    }
    with pytest.raises(
        InputError, match="expected the same constraints before WR0 and WR, which may differ only in their pulses"
    ):
        run((0, WRITE, 0), dram=load_dram(table), name="random")
    assert run((0, WRITE, 0), dram=load_dram(table), name="set").counts["WR1"] == 1

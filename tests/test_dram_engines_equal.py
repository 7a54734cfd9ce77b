"""Both engines issue the same commands on any trace, standard and controller, and every stream keeps the standard's rules."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simcore.dram.checker import check_commands
from simcore.dram.commands import Command
from simcore.dram.controller import ControllerSpec, RowPolicySpec, WritePulseSpec
from simcore.dram.mapping import address_mapping
from simcore.dram.outcome import DramOutcome
from simcore.dram.resolve import load_dram
from simcore.dram.tables import ResolvedDram
from simcore.dram.trace import DramTrace
from simcore.engine.dram_traces import run_trace

STANDARDS = ("ddr3_1600k", "ddr4_2400r", "ddr4_3200aa", "ddr5_4800an", "hbm2_2000", "lpddr4_3200", "nvm_pcm")


def assert_same(one: DramOutcome, other: DramOutcome) -> None:
    for name in ("commands", "arrive", "depart", "kind", "command_counts", "open_cycles", "banks"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)
    assert (one.cycles, one.last_command_cycle) == (other.cycles, other.last_command_cycle)


def violations(outcome: DramOutcome) -> list[object]:
    stream = (Command(i, row[0], row[1], tuple(row[2:])) for i, row in enumerate(outcome.commands.tolist()))
    return list(check_commands(stream, outcome.dram))


@st.composite
def write_pulses(draw: st.DrawFn) -> WritePulseSpec:
    name = draw(st.sampled_from(["worst", "reset", "set", "random", "random"]))
    if name != "random":
        return WritePulseSpec(name=name)
    share, seed = draw(st.sampled_from([0.0, 0.3, 1.0])), draw(st.integers(0, 2**32 - 1))
    return WritePulseSpec(name=name, set_share=share, seed=seed)


@st.composite
def machines(draw: st.DrawFn) -> tuple[ResolvedDram, ControllerSpec]:
    """A standard with several ranks, channels or short refresh intervals, and any controller that it allows."""
    name = draw(st.sampled_from(STANDARDS))
    overrides = {"channel": draw(st.sampled_from([1, 1, 2, 4]))}
    if name != "hbm2_2000":
        overrides["rank"] = draw(st.sampled_from([1, 1, 2]))
    if name != "nvm_pcm" and draw(st.booleans()):
        overrides["nREFI"] = draw(st.integers(1200, 3000))
    dram = load_dram(name, overrides)
    policy = draw(st.sampled_from(["open", "open", "closed-after", "timeout"]))
    limit = {"closed-after": {"accesses": draw(st.integers(1, 4))}, "timeout": {"timeout_cycles": draw(st.integers(1, 150))}}
    row_policy = RowPolicySpec.model_validate({"name": policy, **limit.get(policy, {})})
    low, high = sorted((draw(st.sampled_from([0.0, 0.1, 0.2, 0.5])), draw(st.sampled_from([0.2, 0.5, 0.8, 1.0]))))
    scheduler = draw(st.sampled_from(["frfcfs", "frfcfs-rowhit", "fcfs", "bank-round-robin", "bank-round-robin"]))
    return dram, ControllerSpec(
        scheduler=scheduler,
        bank_queue=draw(st.sampled_from([1, 2, 8])) if scheduler == "bank-round-robin" else 8,
        row_policy=row_policy,
        refresh=draw(st.sampled_from(["all-bank", "none"] + ["per-bank"] * bool(dram.refresh_bank_interval))),
        mapping=draw(st.sampled_from(["RoBaRaCoCh", "MOP4CLXOR"])),
        read_queue=draw(st.sampled_from([1, 2, 8, 32])),
        write_queue=draw(st.sampled_from([1, 2, 8, 32])),
        write_low_watermark=low,
        write_high_watermark=high,
        write_pulse=draw(write_pulses()) if name == "nvm_pcm" else WritePulseSpec(),
    )


@st.composite
def traces(draw: st.DrawFn, dram: ResolvedDram, mapping: str) -> DramTrace:
    """Requests to few rows, banks and lines, so that they meet, with pauses, some of which end where a refresh begins."""
    seed, requests = draw(st.integers(0, 2**32)), draw(st.integers(0, 120))
    random = np.random.default_rng(seed)
    bits = address_mapping(dram, mapping).address_bits
    lines = random.integers(0, 1 << bits, draw(st.integers(1, 60))) & ~(draw(st.sampled_from([0, 1, 3])) << (bits - 2))
    address = lines[random.integers(0, len(lines), requests)] + random.integers(0, 4, requests) * dram.transaction_bytes
    pauses = random.choice([0, 0, 0, 1, 7, draw(st.sampled_from([1, 40, 300]))], requests)
    op = (random.random(requests) < draw(st.sampled_from([0.0, 0.3, 0.7, 1.0]))).astype(np.int64)
    earliest = np.cumsum(pauses)
    if dram.refresh_interval and draw(st.booleans()):
        for i in np.flatnonzero(pauses >= 40):
            refresh = (earliest[i] // dram.refresh_interval + 1) * dram.refresh_interval
            earliest[i:] += max(0, refresh + random.integers(-4, 25) - earliest[i])
    return DramTrace(earliest, op, address & ((1 << bits) - 1))


@pytest.mark.slow
@settings(max_examples=max(90, settings().max_examples))
@given(st.data())
def test_engines_agree_on_every_command_and_the_checker_finds_nothing(data: st.DataObject) -> None:
    dram, controller = data.draw(machines())
    trace = data.draw(traces(dram, controller.mapping))
    compiled = run_trace(dram, trace, controller, "compiled", record_commands=True)
    assert_same(compiled, run_trace(dram, trace, controller, "simpy", record_commands=True))
    assert violations(compiled) == []
    served = compiled.kind == 0
    assert (compiled.depart[served] > compiled.arrive[served]).all()
    counts = compiled.counts
    assert sum(counts[name] for name in counts if name.startswith(("RD", "WR"))) == served.sum() == compiled.banks.sum()
    # What the log is not kept for goes on by itself for longer.
    assert_same(replace(compiled, commands=compiled.commands[:0]), run_trace(dram, trace, controller))


def test_recording_commands_does_not_change_the_run() -> None:
    dram = load_dram("ddr4_2400r")
    random = np.random.default_rng(3)
    trace = DramTrace(np.zeros(60_000, dtype=np.int64), random.integers(0, 2, 60_000), random.integers(0, 1 << 33, 60_000))
    silent, recorded = run_trace(dram, trace), run_trace(dram, trace, record_commands=True)
    # More than one piece of the log.
    assert len(recorded.commands) > 1 << 16
    assert np.array_equal(silent.depart, recorded.depart)
    assert np.array_equal(np.bincount(recorded.commands[:, 1], minlength=len(dram.commands)), recorded.command_counts.sum(axis=0))
    assert np.all(np.diff(recorded.commands[:, 0]) > 0)


def test_commands_are_not_kept_unless_asked_for() -> None:
    dram, trace = load_dram("ddr4_2400r"), DramTrace(*np.zeros((3, 5), dtype=np.int64))
    assert [len(run_trace(dram, trace, engine=engine).commands) for engine in ("compiled", "simpy")] == [0, 0]


@pytest.mark.parametrize("engine", ["compiled", "simpy"])
def test_an_empty_trace_takes_no_cycles(engine: str) -> None:
    outcome = run_trace(load_dram("ddr4_2400r"), DramTrace(*np.zeros((3, 0), dtype=np.int64)), engine=engine)
    assert (outcome.cycles, sum(outcome.counts.values()), outcome.read_latency.max) == (0, 0, 0)

"""DRAM that computes: its commands in time, what limits them, and both engines beside each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.pim import maj, simdram
from simcore.dram.checker import check_commands
from simcore.dram.commands import Command
from simcore.dram.resolve import load_dram
from simcore.dram.standard import pim_names
from simcore.dram.tables import ResolvedDram
from simcore.engine.compiled.dram.device import issue, ready_at
from simcore.engine.compiled.dram.device_state import device_tables
from simcore.engine.micro_programs import run_work
from simcore.engine.reference.dram.device import Device
from simcore.engine.reference.dram.record import CommandRecord
from simcore.errors import InputError
from simcore.pim import Recorder
from simcore.pim.limits import CAUSES, NO_LIMITS, PimLimits, load_pim_dram
from simcore.pim.outcome import PimOutcome
from simcore.pim.recorder import Recording
from simcore.pim.sequence import COLUMNS, NONE, Sequence, joined, repeated, row_copy, row_hold, row_transfer, sequence_of
from simcore.pim.work import PimWork

NO_REFRESH = PimLimits(refresh="none")
#: DDR4-2666: tRAS 43, tRP 19, tRRD_S 4, tRRD_L 7, tFAW 28 cycles of 0.75 ns.
DDR4 = "pim-ddr4_2666"


def product(n: int, family: Any = maj) -> Recording:
    return family.PROGRAMS["mul"].recorded(n)


def work(recording: Recording, banks: int, subarrays: int = 1, limits: PimLimits = NO_REFRESH, **more: Any) -> PimWork:
    dram = load_pim_dram(more.pop("name", DDR4), limits, more.pop("overrides", None))
    sequence = sequence_of(recording.published, len(recording.rows), dram, limits)
    return PimWork(dram, limits, (sequence,) * banks, subarrays, **more)


def violations(dram: ResolvedDram, stream: np.ndarray) -> list[int]:
    commands = [Command(at, row[0], row[1], tuple(row[2:])) for at, row in enumerate(stream.tolist())]
    return [violation.line for violation in check_commands(commands, dram)]


def one_cycle_earlier(stream: np.ndarray, at: int) -> np.ndarray:
    moved = stream[: at + 1].copy()
    moved[at, 0] -= 1
    return moved


@pytest.mark.parametrize("name", pim_names())
def test_a_subarray_alone_takes_tras_and_trp_for_each_operation(name) -> None:
    given = work(product(2), 1, limits=NO_LIMITS, name=name)
    outcome = run_work(given, "simpy")
    assert outcome.cycles == outcome.compute_cycles == 20 * (given.dram.timing["nRAS"] + given.dram.timing["nRP"])
    assert outcome.counts == {"ACT": 20, "COPY": 20, "PREpb": 20}


def test_an_operation_without_second_activation_has_two_commands_and_twlov_lengthens_the_others() -> None:
    recording = product(1, simdram), simdram.PROGRAMS["xor"].recorded(1)
    given = work(recording[1], 1, limits=NO_LIMITS, overrides={"nWLOV": 6})
    outcome = run_work(given, "simpy", record_commands=True)
    # Five AAP of tRAS + tWLOV + tRP, two AP of tRAS + tRP.
    assert outcome.cycles == 5 * (43 + 6 + 19) + 2 * (43 + 19)
    assert outcome.commands[:3, 0].tolist() == [0, 19, 49]
    assert outcome.counts == {"ACT": 7, "COPY": 5, "PREpb": 7}


def test_the_first_activations_of_sixteen_banks_by_hand() -> None:
    outcome = run_work(work(product(1), 16), "simpy", record_commands=True)
    starts = outcome.commands[outcome.commands[:, 1] == outcome.dram.index("ACT"), 0]
    # Four in a window of 28 cycles, tRRD_S 4 apart, because neighbours in the order lie in different bank groups.
    assert starts[:12].tolist() == [0, 4, 8, 12, 28, 32, 36, 40, 56, 60, 64, 68]
    # The first bank is ready after 62 cycles and waits for the last of the others (96), then for the window (112).
    assert starts[16] == 112
    assert outcome.stalls.sum(axis=1).max() < outcome.cycles


@pytest.mark.slow
@pytest.mark.parametrize(("subarrays", "slowdown"), [(1, 1.806), (16, 28.90)])
def test_tfaw_slows_sixteen_banks_and_256_subarrays_down_as_four_activations_in_21_ns_must(subarrays, slowdown) -> None:
    free = run_work(work(product(8), 16, subarrays, NO_LIMITS))
    given = work(product(8), 16, subarrays)
    limited = run_work(given, record_commands=subarrays == 1)
    assert free.cycles == 416 * 62
    assert slowdown == pytest.approx(16 * subarrays / 4 * 21 / 46.5, rel=1e-3)
    assert limited.cycles / free.cycles == pytest.approx(slowdown, rel=0.02)
    assert limited.compute_cycles + sum(limited.stall_cycles.values()) == limited.cycles
    assert limited.stall_cycles["tFAW"] == limited.cycles - free.cycles
    assert violations(given.dram, limited.commands) == []


@pytest.mark.slow
@pytest.mark.parametrize("at_most", ["aap", "rows"])
def test_a_window_counts_what_the_table_says(at_most) -> None:
    limits = PimLimits(refresh="none", aap_activations=2, count_rows=at_most == "rows")
    given = work(product(2), 8, limits=limits)
    outcome = run_work(given, "simpy", record_commands=True)
    names = [given.dram.commands[command] for command in outcome.commands[:, 1]]
    weight = {"ACT": 1, "ACT3": 3, "ACT5": 5, "COPY1": 1, "COPY2": 2, "COPY3": 3, "COPY4": 4, "COPY5": 5}
    assert ("ACT3" in names) == (at_most == "rows")
    assert violations(given.dram, outcome.commands) == []
    raised = [(clock, weight[name]) for clock, name in zip(outcome.commands[:, 0], names, strict=True) if name in weight]
    for clock, rows in raised:
        inside = sum(other for then, other in raised if clock - 28 < then < clock)
        # What raises more rows than a window allows comes alone.
        assert rows + inside <= 4 or inside == 0
    late = [at for at in range(1, len(names)) if outcome.commands[at, 0] > outcome.commands[at - 1, 0] + 1]
    for at in late[::7]:
        assert at in violations(given.dram, one_cycle_earlier(outcome.commands, at)), names[at]


def test_a_power_limit_allows_32_activations_in_its_period() -> None:
    given = work(product(1), 16, limits=PimLimits(refresh="none", power_cycles=1000))
    outcome = run_work(given, "simpy", record_commands=True)
    starts = outcome.commands[outcome.commands[:, 1] == given.dram.index("ACT"), 0]
    assert (starts[32:] >= starts[:-32] + 1000).all()
    assert (starts[32:] == starts[:-32] + 1000).any()
    assert outcome.stall_cycles["power"] > 500
    assert violations(given.dram, outcome.commands) == []


def test_a_refresh_waits_for_the_operation_under_way_and_holds_the_next() -> None:
    given = work(product(3), 1, limits=PimLimits(), overrides={"nREFI": 1000, "nRFC": 100})
    outcome = run_work(given, "simpy", record_commands=True)
    refresh = outcome.commands[:, 1] == given.dram.index("REFab")
    # Sixteen operations of 62 cycles end at 992; the seventeenth ends at 1054, and the refresh lasts 100.
    assert outcome.commands[refresh, 0][0] == 17 * 62
    after = outcome.commands[np.flatnonzero(refresh)[0] + 1]
    assert (given.dram.commands[after[1]], after[0]) == ("ACT", 17 * 62 + 100)
    assert outcome.stall_cycles["refresh"] == 100 * int(refresh.sum())
    assert violations(given.dram, outcome.commands) == []


def test_without_any_limit_nothing_waits_and_many_commands_come_in_one_cycle() -> None:
    given = work(product(1), 16, 3, NO_LIMITS)
    outcome = run_work(given, "simpy", record_commands=True)
    assert not outcome.stalls.any()
    assert (outcome.commands[:48, 0] == 0).all()
    assert violations(given.dram, outcome.commands) == []
    assert violations(load_dram(DDR4), outcome.commands)


def test_independent_banks_do_not_wait_for_a_longer_program() -> None:
    long, short = (work(product(n), 1).sequences[0] for n in (3, 1))
    dram = load_pim_dram(DDR4, NO_REFRESH)
    both = {lock: run_work(PimWork(dram, NO_REFRESH, (long, short), 1, lock), "simpy") for lock in (True, False)}
    assert both[False].finished[1] < 4 * 62 + 20
    assert both[True].finished.tolist() == both[False].finished.tolist()  # the short one only ends sooner
    assert run_work(PimWork(dram, NO_REFRESH, (long, short, short), 2, True), "simpy").cycles >= both[True].cycles


@pytest.mark.parametrize("engine", ["simpy", pytest.param("compiled", marks=pytest.mark.slow)])
def test_in_lock_step_short_operations_wait_for_long_ones_by_hand(engine) -> None:
    dram = load_pim_dram(DDR4, NO_LIMITS, {"nWLOV": 20})
    act, copy = dram.index("ACT"), dram.index("COPY")
    aap, ap = (Sequence(np.array([row] * 6)) for row in ((act, copy, 0, 1, NONE, 0, 0), (act, NONE, 0, NONE, NONE, 0, 0)))
    outcome = run_work(PimWork(dram, NO_LIMITS, (aap, ap)), engine, record_commands=True)
    starts = outcome.commands[(outcome.commands[:, 1] == act) & (outcome.commands[:, 4] == 1), 0]
    # An AAP takes 82 cycles, an AP 62. The sixth AP would begin at 310, but the fifth AAP begins only at 328.
    assert starts.tolist() == [0, 62, 124, 186, 248, 329]
    assert outcome.stalls.tolist() == [[0] * 9, [*[0] * 8, 19]]
    assert outcome.finished.tolist() == [6 * 82, 329 + 62]


# Both devices


JOINT = {
    "extends": "ddr4_2400r",
    "commands": {"ACTX": {"level": "bank", "needs": "closed", "opens": True}},
    "constraints": {"tFAW": {"preceding": ["ACT", "ACTX", "ACTX"], "following": ["ACT", "ACTX"], "latency": "nFAW"}},
}


@pytest.mark.slow
def test_a_window_counts_several_commands_together_and_one_of_them_twice() -> None:
    dram = load_dram(JOINT)
    act, actx = dram.index("ACT"), dram.index("ACTX")
    reference = Device(dram, 0, CommandRecord(dram, keeps_commands=False))
    compiled = device_tables(dram, {act, actx})
    issued = [(act, (0, 0, 0, 0), 0), (actx, (0, 0, 1, 0), 4)]
    for command, bank, now in issued:
        reference.issue(command, bank, 0, 0, now)
        issue.py_func(compiled, command, int(np.ravel_multi_index(bank, dram.node_counts)), 0, 0, now)
    other = (0, 0, 2, 0)
    place = int(np.ravel_multi_index(other, dram.node_counts))
    # Three so far, so a fourth may come 4 cycles after the first (tRRD_S). The next waits for tFAW, 26 cycles after the first.
    assert reference.ready_at(act, other) == ready_at.py_func(compiled, act, place) == 4
    reference.issue(act, other, 0, 0, 8)
    issue.py_func(compiled, act, place, 0, 0, 8)
    last, at = (0, 0, 3, 0), int(np.ravel_multi_index((0, 0, 3, 0), dram.node_counts))
    assert reference.ready_at(act, last) == ready_at.py_func(compiled, act, at) == 26
    stream = np.array(
        [[0, act, 0, 0, 0, 0, 0, 0], [4, actx, 0, 0, 1, 0, 0, 0], [8, act, 0, 0, 2, 0, 0, 0], [26, actx, 0, 0, 3, 0, 0, 0]]
    )
    assert violations(dram, stream) == []
    assert violations(dram, one_cycle_earlier(stream, 3)) == [3]


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        ({"preceding": ["ACT", "WIDE"], "following": ["ACT"]}, "expected commands of as many cycles in a window"),
        ({"preceding": ["ACT"], "following": ["ACT"], "sibling": True}, "expected no window between siblings"),
    ],
)
def test_windows_that_mean_nothing_are_refused(constraint, message) -> None:
    table = {
        "extends": "ddr4_2400r",
        "commands": {"WIDE": {"level": "bank", "cycles": 2}},
        "constraints": {"mine": {"level": "rank", "latency": 20, "window": 3, **constraint}},
    }
    with pytest.raises(InputError, match=message):
        load_dram(table)


def test_a_level_of_buses_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="bus_level: no level 'banks'; did you mean 'bank'"):
        load_dram({"extends": "ddr4_2400r", "bus_level": "banks"})


# Both engines


def random_recording(random: np.random.Generator) -> Recording:
    """Random operations on the rows of a family, each of which the recorder allows."""
    family = (simdram, maj)[random.integers(2)]
    s = Recorder(family.ROWS, (2, 2), 1)
    lines = [(s[name],) for name in (*family.ROWS.plain, *family.ROWS.inverting)]
    lines += [tuple(~s[name[1:]] if name[0] == "~" else s[name] for name in group) for group in family.ROWS.groups]
    sources = [*((line,) for operand in s.inputs for line in operand), (s.zero,), (s.one,), *lines]
    wanted = int(random.integers(1, 6))
    s.aap(s.zero, s.out[0])
    while len(s.recording().operations) <= wanted:
        source, target = (pool[random.integers(len(pool))] for pool in (sources, lines))
        try:
            s.ap(source) if random.random() < 0.25 else s.aap(source, target)
        except InputError:
            continue
    return s.recording()


def random_sequence(random: np.random.Generator, dram: ResolvedDram, limits: PimLimits) -> Sequence:
    """A random program, perhaps with rows that move data, are held or are copied beside it, perhaps repeated."""
    recording = random_recording(random)
    pieces = [sequence_of(recording.operations, len(recording.rows), dram, limits)]
    for _ in range(int(random.integers(3))):
        row = int(random.integers(dram.rows_per_subarray))
        moves = row_transfer(dram, ("RD", "WR")[random.integers(2)], row, int(random.integers(1, 9)))
        holds = row_hold(dram, row, int(random.integers(1, 120)), write=bool(random.integers(2)))
        copies = row_copy(dram, row, int(random.integers(dram.rows_per_subarray)), int(random.integers(1, 7)))
        chosen = (moves, holds, copies)[random.integers(3)]
        pieces.insert(int(random.integers(len(pieces) + 1)), repeated(chosen, int(random.integers(1, 3))))
    return repeated(joined(*pieces), int(random.integers(1, 3)))


def random_work(seed: int) -> PimWork:
    random = np.random.default_rng(seed)
    name = pim_names()[random.integers(len(pim_names()))]
    refresh = ("none", "all-bank", "per-bank" if "hbm2" in name else "none")[random.integers(3)]
    limits = PimLimits(
        trrd=bool(random.integers(2)),
        tfaw=bool(random.integers(2)),
        command_bus=bool(random.integers(2)),
        power_cycles=int(random.integers(2)) * 500,
        refresh=refresh,
        aap_activations=int(random.integers(1, 3)),
        count_rows=bool(random.integers(2)),
    )
    timing = load_dram(name).timing
    row_cycle = timing["nRAS"] + timing["nRP"] + 6
    overrides = {"nWLOV": int(random.integers(7)), "nREFI": timing["nRFC"] + 2 * row_cycle + int(random.integers(300))}
    dram = load_pim_dram(name, limits, overrides)
    lock_step = bool(random.integers(2))
    sequences = [random_sequence(random, dram, limits) for _ in range(1 if random.integers(2) else 3)]
    banks = int(random.integers(1, 6))
    chosen = tuple(sequences[random.integers(len(sequences))] for _ in range(banks))
    subarrays = int(random.integers(1, 4))
    return PimWork(dram, limits, chosen, subarrays, lock_step, further=random_further(random, sequences, banks, subarrays))


def random_further(random: np.random.Generator, sequences: list[Sequence], banks: int, subarrays: int) -> tuple[Any, ...]:
    """In half of the works, what the subarrays of a bank do after the first: nothing, or any of the sequences."""
    if random.integers(2):
        return ()
    idle = Sequence(np.zeros((0, COLUMNS), np.int64))
    chosen = [idle, *sequences]
    return tuple(tuple(chosen[random.integers(len(chosen))] for _ in range(banks)) for _ in range(subarrays - 1))


def differences(one: PimOutcome, other: PimOutcome) -> list[str]:
    tables = ("finished", "stalls", "command_counts", "open_cycles", "commands")
    return [name for name in tables if not np.array_equal(getattr(one, name), getattr(other, name))]


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_both_engines_run_300_random_programs_on_random_machines_in_the_same_cycles(part) -> None:
    waited = dict.fromkeys(CAUSES, 0)
    for seed in range(30 * part, 30 * part + 30):
        given = random_work(seed)
        reference, compiled = (run_work(given, engine, record_commands=True) for engine in ("simpy", "compiled"))
        assert differences(reference, compiled) == [], seed
        # Without a record of the commands, equal stretches are replayed.
        assert differences(reference, run_work(given)) in ([], ["commands"]), seed
        assert violations(given.dram, compiled.commands) == [], seed
        assert compiled.compute_cycles + sum(compiled.stall_cycles.values()) == compiled.cycles
        # Computing takes as long as in a subarray alone, whatever the limits.
        alone = run_work(PimWork(load_pim_dram_alone(given), NO_LIMITS, given.sequences[:1]))
        assert int((compiled.finished - compiled.stalls.sum(axis=1))[0]) == alone.compute_cycles, seed
        for cause, cycles in zip(CAUSES, compiled.stalls.sum(axis=0).tolist(), strict=True):
            waited[cause] += cycles
    assert all(waited[cause] for cause in CAUSES if cause != "lock_step"), waited


def load_pim_dram_alone(given: PimWork) -> ResolvedDram:
    return load_pim_dram(given.dram.name, NO_LIMITS, {"nWLOV": given.dram.timing["nWLOV"]})


@pytest.mark.slow
def test_commands_one_cycle_earlier_break_a_rule() -> None:
    tried = 0
    for seed in range(6):
        given = random_work(seed)
        stream = run_work(given, record_commands=True).commands
        late = [at for at in range(1, len(stream)) if stream[at, 0] > stream[at - 1, 0]][::4]
        wrong = [at for at in late if at in violations(given.dram, one_cycle_earlier(stream, at))]
        held = [at for at in late if at not in wrong]
        # Only lock-step, due refreshes and a bank's data lines and periphery hold a command beyond the rules of the table.
        assert len(held) < len(late) / 3
        tried += len(wrong)
    assert tried > 100


# Bad input


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: load_pim_dram("ddr5_4800an", NO_LIMITS), "no command COPY, so its subarrays cannot compute"),
        (lambda: load_pim_dram("pim-ddr4_2667", NO_LIMITS), "got 'pim-ddr4_2667'; did you mean 'pim-ddr4_2666'"),
        (lambda: load_pim_dram(DDR4, PimLimits(refresh="per-bank")), "has no per-bank refresh"),
        (lambda: load_pim_dram(DDR4, PimLimits(), {"nREFI": 400}), "refreshes leave no time to compute"),
        (lambda: load_pim_dram("pim-hbm2_2000", PimLimits(refresh="per-bank"), {"nREFIpb": 5}), "leave no time to compute"),
        (lambda: load_pim_dram(DDR4, NO_LIMITS, {"nAAD": 0}), "expected nAAD of at least 1 cycle, got 0"),
        (lambda: load_pim_dram(DDR4, NO_LIMITS, {"nAAD": 44}), r"expected nAAD of at most nRAS \(43\), got 44"),
        (lambda: PimLimits(aap_activations=3), "expected an AAP to count as 1 or 2 activations, got 3"),
        (lambda: PimLimits(refresh="bank"), "no refresh 'bank'; did you mean 'all-bank'|no refresh 'bank'"),
        (lambda: PimLimits(power_cycles=-1), "expected a power period of at least 0 cycles, got -1"),
        (lambda: work(product(1), 17), "expected 1 to 16 banks, got 17"),
        (lambda: work(product(1), 1, 65), "expected 1 to 64 subarrays of a bank, got 65"),
        (lambda: work(product(31), 1, overrides={"row": 1}), "rows_per_subarray: expected a power of two up to 1"),
        (lambda: run_work(work(product(1), 1), "fast"), "no engine named 'fast'"),
    ],
)
def test_bad_input_gives_one_clear_error(make, message) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_a_program_that_needs_more_rows_than_a_subarray_has_is_refused() -> None:
    dram = load_dram({"extends": DDR4, "organisations": {"4Gb_x8": {"rows_per_subarray": 64}}})
    recording = product(16)
    with pytest.raises(InputError, match=r"expected at most 64 rows in a subarray, the program needs 8\d"):
        sequence_of(recording.published, len(recording.rows), dram, NO_LIMITS)

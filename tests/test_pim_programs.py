"""Micro-programs of DRAM that computes: their counts, their values, and what they must not do with rows."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from models.pim import maj, simdram
from models.pim.variation import failing_share
from simcore.errors import InputError
from simcore.pim import ComputeRows, Line, MicroProgram, Recorder
from simcore.pim.counts import counts_of
from simcore.pim.execute import execute
from simcore.pim.failures import failing
from simcore.pim.language import Kind, Operation
from simcore.pim.meaning import OPERATIONS
from simcore.pim.planes import majority, packed, shifted, unpacked
from simcore.pim.values import EVERY_BITS, RANDOM, check_values

GOLDEN = Path(__file__).parent / "golden" / "pim" / "simdram_microprogram_counts.csv"
FAMILIES = {"simdram": simdram.PROGRAMS, "maj": maj.PROGRAMS}


@pytest.mark.parametrize("row", [*csv.DictReader(GOLDEN.open())], ids=lambda row: f"{row['op']}-{row['n_bits']}")
def test_counts_of_simdram_equal_the_golden_ones(row) -> None:
    found = counts_of(simdram.PROGRAMS[row["op"]].recorded(int(row["n_bits"])).operations)
    ours = found.aap, found.ap, found.operations, found.activations, found.rows_raised
    golden = "aap", "ap", "commands_total", "act_commands", "wordlines_raised"
    assert ours == tuple(int(row[name]) for name in golden)


@pytest.mark.slow
@pytest.mark.parametrize("n", range(1, 32))
def test_a_product_of_the_maj_family_has_its_published_count_and_more_with_initialisation(n) -> None:
    recording = maj.PROGRAMS["mul"].recorded(n)
    assert counts_of(recording.published).operations == 7 * n * n - 4 * n
    # A zero beside each of n^2 partial products; carry in and carry out of n - 1 rows (n = 1: the high bit is cleared).
    assert counts_of(recording.operations).operations == 7 * n * n - 4 * n + n * n + max(1, 2 * (n - 1))
    assert not [operation for operation in recording.published if operation.uncounted]


@pytest.mark.parametrize(("n", "m"), [(1, 5), (3, 2), (8, 4), (4, 16)])
def test_counts_of_products_of_different_widths(n, m) -> None:
    assert counts_of(maj.PROGRAMS["mul"].recorded(n, m).published).operations == 3 * n * m + 4 * n * (m - 1)
    assert counts_of(simdram.PROGRAMS["mul"].recorded(n, m).operations).operations == 4 * n + 1 + (m - 1) * (11 * n + 2)


def cases(family):
    for operation in OPERATIONS:
        for signed in (False, True) if OPERATIONS[operation].has_signed else (False,):
            yield pytest.param(FAMILIES[family][operation], signed, id=f"{family}-{operation}{'-signed' * signed}")


@pytest.mark.parametrize(("program", "signed"), [*cases("simdram"), *cases("maj")])
def test_values_are_exact_on_all_operands_up_to_six_bits_and_on_4096_random_ones_up_to_sixteen(program, signed) -> None:
    for n in range(1, 17):
        found = check_values(program, n, signed=signed, seed=n)
        assert found.exact, found.first_wrong
        bits = sum(OPERATIONS[program.operation].widths(n, n))
        assert found.checked == 2**bits if bits <= EVERY_BITS else found.checked > RANDOM >= 4096


@pytest.mark.slow
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_products_of_any_two_widths_are_exact(family, signed) -> None:
    for n in range(1, 17):
        for m in {1, 2, 3, n - 1, 16 - n, 16} - {0}:
            found = check_values(FAMILIES[family]["mul"], n, m, signed=signed, seed=17 * n + m)
            assert found.exact, (n, m, found.first_wrong)


def test_a_wrong_program_is_not_exact_and_the_first_wrong_value_is_told() -> None:
    def record(s, operands) -> None:
        (a, b), out = operands.inputs, operands.out
        s.aap(a[0], s["T0"])
        s.aap(b[0], s["T1"])
        s.aap(s.one, s["T2"])
        s.aap((s["T0"], s["T1"], s["T2"]), out[0])

    found = check_values(MicroProgram("or-for-and", "and", simdram.ROWS, record), 1)
    assert (found.checked, found.right, found.first_wrong) == (4, 2, "and(0, 1): expected 0, got 1")


def test_integers_go_into_planes_and_back() -> None:
    values = np.array([0, 1, -1, 5, -8, 7] * 30, dtype=np.int64)
    assert unpacked(packed(values, 4), 180, signed=True).tolist() == values.tolist()
    assert unpacked(packed(values, 4), 180).tolist() == (values & 15).tolist()


@pytest.mark.parametrize("rows", [1, 3, 5])
def test_the_majority_of_planes_is_that_of_every_column(rows) -> None:
    columns = (np.arange(2**rows)[:, None] >> np.arange(rows)) & 1
    planes = [packed(column.astype(np.int64), 1)[0] for column in columns.T]
    assert unpacked(majority(planes)[None], 2**rows).tolist() == (2 * columns.sum(axis=1) > rows).astype(int).tolist()


@pytest.mark.parametrize("columns", [1, 5, 64, 70, -3, -64])
def test_a_shift_moves_columns_and_brings_zeros(columns) -> None:
    values = np.random.default_rng(1).integers(0, 2, 128)
    moved = unpacked(shifted(packed(values, 1)[0], columns)[None], 128)
    wanted = np.concatenate([np.zeros(columns, int), values[:-columns]]) if columns > 0 else None
    assert moved.tolist() == (np.concatenate([values[-columns:], np.zeros(-columns, int)]) if wanted is None else wanted).tolist()


def test_shifts_and_read_outs_are_operations_of_the_language() -> None:
    recorder = Recorder(simdram.ROWS, (1,), 1)
    recorder.shift(recorder.inputs[0][0], recorder.out[0], 2)
    recorder.read(recorder.out[0])
    done = execute(recorder.recording(), (np.array([1, 0, 1, 1, 0], dtype=np.int64),))
    assert done.result(5).tolist() == [0, 0, 1, 0, 1]
    assert unpacked(done.read[0][None], 5).tolist() == [0, 0, 1, 0, 1]
    counts = counts_of(recorder.recording().operations)
    assert (counts.aap, counts.ap, counts.activations, counts.rows_raised) == (1, 1, 3, 3)


def test_counts_of_operations_by_hand() -> None:
    a, b, c, x = (simdram.PROGRAMS["and"].recorded(1).inputs[0][0]._replace(row=row) for row in range(4))
    counts = counts_of([Operation(Kind.AAP, (a,), (b, c)), Operation(Kind.AP, (a, b, c)), Operation(Kind.AAP, (a, b, c), (x,))])
    assert (counts.aap, counts.ap, counts.activations, counts.rows_raised) == (2, 1, 5, 10)
    assert counts.activations_by_rows == ((1, 2), (2, 1), (3, 2))


def rows_used(use) -> str:
    """The error of a program of one operation after rows T0 to T2 and DCC0 were written."""

    def record(s, operands) -> None:
        for name in ("T0", "T1", "T2", "DCC0"):
            s.aap(operands.inputs[0][0], s[name])
        use(s, operands.inputs[0][0], operands.out[0])

    with pytest.raises(InputError) as error:
        MicroProgram("mine", "and", simdram.ROWS, record).recorded(1)
    return str(error.value)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda s, a, out: s.ap((s["T0"], a, s["T1"])), "operation 4: no address raises the rows (T0, a0, T1) together"),
        (lambda s, a, out: s.aap((s["T2"], s["T3"]), out), "expected 1, 3 or 5 rows in a first activation, got 2 (T2, T3)"),
        (lambda s, a, out: s.aap(s["T3"], out), "row 'T3' is activated before anything was written to it"),
        (lambda s, a, out: s.aap(a, s["C0"]), "the row 'C0' of constants would be overwritten"),
        (lambda s, a, out: s.aap(s["T0"], a), "the operand's row 'a0' would be overwritten"),
        (lambda s, a, out: s.aap(a, ~s["T0"]), "row 'T0' has no inverting word line"),
        (lambda s, a, out: s.aap(s["DCC0"], ~s["DCC0"]), "a row is both source and target (~DCC0)"),
        (lambda s, a, out: s.aap(a, ()), "expected a row to write to, got none"),
        (lambda s, a, out: s.aap(a, s["DCC"]), "no compute row 'DCC'; did you mean 'DCC1'?"),
        (lambda s, a, out: s.aap(a, 3), "expected rows of this subarray, got 3"),
        (lambda s, a, out: None, "bit 0 of the result (row 'out0') is never written"),
    ],
)
def test_an_illegal_use_of_rows_is_told_with_its_operation(use, message) -> None:
    assert message in rows_used(use)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"plain": ("A", "A")}, "expected each name once, got 'A' twice"),
        ({"plain": ("A",), "groups": (("A", "B"),)}, r"group (A, B): expected plain or inverting rows, got 'B'"),
        ({"plain": ("A",), "groups": (("~A",),)}, "'A' has no inverting word line"),
        ({"plain": (), "inverting": ("D",), "groups": (("D", "~D"),)}, "expected each row once"),
    ],
)
def test_compute_rows_that_cannot_be_are_refused(given, message) -> None:
    with pytest.raises(InputError) as error:
        ComputeRows(**given)
    assert message in str(error.value)


def test_widths_and_signs_that_a_program_cannot_do_are_refused() -> None:
    product = simdram.PROGRAMS["mul"]
    with pytest.raises(InputError, match="expected operands of 1 to 31 bits, got 0"):
        product.recorded(0)
    with pytest.raises(InputError, match="expected operands of 1 to 31 bits, got 32"):
        product.recorded(4, 32)
    with pytest.raises(InputError, match="expected unsigned operands, because the program has no signed form"):
        MicroProgram("mine", "mul", simdram.ROWS, product.record).recorded(4, signed=True)
    with pytest.raises(InputError, match="no operation 'mull' on integers; did you mean 'mul'"):
        MicroProgram("mine", "mull", simdram.ROWS, product.record)


# Failing activations


def test_activations_that_never_fail_are_ideal_and_those_that_fail_take_the_minority() -> None:
    a, b, c = (packed(np.array(bits, dtype=np.int64), 1)[0] for bits in ([0, 0, 1, 1], [0, 1, 1, 1], [0, 0, 0, 1]))
    lines = tuple(Line(row) for row in range(3))
    assert unpacked(failing(0.0, 1)(lines, [a, b, c])[None], 4).tolist() == [0, 0, 1, 1]
    # Where all rows agree nothing fails.
    assert unpacked(failing(1.0, 1)(lines, [a, b, c])[None], 4).tolist() == [0, 1, 0, 1]
    assert unpacked(failing(1.0, 1)(lines[:1], [b])[None], 4).tolist() == [0, 1, 1, 1]


def test_a_set_of_rows_fails_in_the_same_columns_and_another_set_in_others() -> None:
    bits = [np.arange(4096) >> bit & 1 for bit in range(3)]
    planes = [packed(plane, 1)[0] for plane in bits]
    sets = [tuple(Line(row) for row in rows) for rows in ((0, 1, 2), (0, 1, 2), (1, 2, 3))]
    first, again, other = (failing(0.2, 7)(rows, planes) for rows in sets)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, failing(0.2, 8)(sets[0], planes))
    wrong = unpacked((first ^ majority(planes))[None], 4096).sum()
    # 0.2 of the three quarters of columns in which the rows disagree.
    assert wrong == pytest.approx(0.2 * 0.75 * 4096, rel=0.15)


@pytest.mark.parametrize("family", FAMILIES)
def test_more_variation_makes_more_products_wrong(family) -> None:
    program, wrong = FAMILIES[family]["mul"], []
    for percent in (0, 5, 10, 15, 20, 25):
        found = check_values(program, 4, sense=failing(failing_share(percent), 3))
        wrong.append(found.checked - found.right)
        assert (found.mean_error == 0) == found.exact
    assert wrong[:2] == [0, 0]
    assert wrong == sorted(wrong)
    assert wrong[-1] > 100


def test_the_shares_of_failing_columns_are_those_of_the_source_and_nothing_beyond() -> None:
    assert [failing_share(percent) for percent in (5, 10, 25)] == [0.0, 0.0029, 0.2619]
    assert failing_share(12.5) == pytest.approx((0.0029 + 0.0601) / 2)
    with pytest.raises(InputError, match="expected a variation of 0 to 25 percent, which the source covers, got 30"):
        failing_share(30)
    with pytest.raises(InputError, match="expected a share of failing columns from 0 to 1, got 2"):
        failing(2, 0)

"""Segments column by column are the rows that they were made from, and only equal tables have equal digests."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simcore.program.compact import CompactTable
from simcore.program.program import SEG_COLUMNS, Int64Array, Seg
from simcore.program.segments import Segments

#: Few rows of few numbers, so that columns of one number and equal tables are common.
TABLES = (
    st.integers(0, 3)
    .flatmap(lambda rows: st.lists(st.lists(st.integers(-1, 1), min_size=3, max_size=3), min_size=rows, max_size=rows))
    .map(lambda rows: np.array(rows, dtype=np.int64).reshape(-1, 3))
)


def rows_of(table: CompactTable) -> list[list[int]]:
    rows = np.empty((table.rows, len(table.columns)), dtype=np.int64)
    table.write_to(rows)
    return rows.tolist()


@given(table=TABLES)
def test_a_compact_table_has_the_rows_the_columns_and_the_bounds_of_the_table_that_it_was_made_from(table: Int64Array) -> None:
    for compact in (CompactTable.of_rows(table), CompactTable(len(table), list(table.T))):
        assert rows_of(compact) == table.tolist()
        assert [compact.column(at).tolist() for at in range(3)] == table.T.tolist()
        if len(table):
            assert (compact.least, compact.most) == (table.min(axis=0).tolist(), table.max(axis=0).tolist())
            assert [isinstance(column, int) for column in compact.columns] == [
                len(set(column)) == 1 for column in table.T.tolist()
            ]


@given(one=TABLES, other=TABLES, left_out=st.sets(st.integers(0, 2)))
def test_digests_are_equal_where_the_tables_are(one: Int64Array, other: Int64Array, left_out: set[int]) -> None:
    stay = [at for at in range(3) if at not in left_out]
    digests = [CompactTable.of_rows(table).digest_without(left_out) for table in (one, other)]
    assert (digests[0] == digests[1]) == (one.shape == other.shape and one[:, stay].tolist() == other[:, stay].tolist())


@given(chosen=st.lists(st.integers(0, 2)))
def test_chosen_rows_are_a_table_of_their_own(chosen: list[int]) -> None:
    table = np.array([[1, 5], [2, 5], [2, 6]], dtype=np.int64)
    assert rows_of(CompactTable.of_rows(table).only(np.array(chosen, dtype=np.int64))) == table[chosen].tolist()


def test_segments_give_each_port_its_rows_and_the_widest_element_of_all() -> None:
    ports = [np.arange(rows * SEG_COLUMNS, dtype=np.int64).reshape(rows, SEG_COLUMNS) for rows in (2, 0, 1, 3)]
    segments = Segments.of_rows(ports)
    assert (
        [segments[port].tolist() for port in range(4)]
        == [rows.tolist() for rows in ports]
        == [each.tolist() for each in segments]
    )
    assert segments.widest == max(int(row[Seg.LANES] * row[Seg.JOINED]) for rows in ports for row in rows)
    assert Segments.of_rows([ports[1]] * 4).widest == 1

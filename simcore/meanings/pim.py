"""The meaning of what ``simcore pim`` prints: keys of ``--json``, rows of its tables, and commands of DRAMs."""

from __future__ import annotations

#: Keys of ``--json``, and rows of the printed tables.
FIGURES = {
    "program": ("", "Name of the micro-program."),
    "aap": ("operations", "Operations with two activations and a precharge in each subarray."),
    "ap": ("operations", "Operations with one activation and a precharge in each subarray."),
    "activations": ("activations", "Activations in each subarray; several rows raised together are one."),
    "rows_raised": ("rows", "Rows that these activations raise, each row every time."),
    "rows_used": ("rows", "Rows of a subarray that the micro-program uses."),
    "with_initialisation": ("", "The same counts with the operations that the published count of the program leaves out."),
    "subarrays": ("", "Subarrays of each bank that compute."),
    "results": ("", "Products in all: one for each column of each subarray that computes."),
    "slowdown": ("", "cycles / compute_cycles: how much longer than without any limit."),
    "pj": ("pJ", "Energy of the micro-program; null for a DRAM without currents."),
    "exact": ("", "Whether all checked products, computed on bit planes, are right."),
    "pairs_checked": ("pairs", "Pairs of operands whose product was checked."),
    "first_wrong": ("", "The first pair of operands with a wrong product; null if there is none."),
    "failures": ("", "What failing activations do to products (`--variation`); null if no variation is given."),
    "variation_percent": ("percent", "Variation of the manufactured cells, as given by `--variation`."),
    "failing_columns_percent": ("percent", "Columns that sense wrongly, of all columns, for each set of rows raised together."),
    "wrong_products_percent": ("percent", "Products that are wrong, of those checked."),
    "mean_absolute_error": ("", "Mean distance of the products from the right ones."),
    "runtime_ns": ("ns", "Time of the operation by PIMeval's table: read_ns + write_ns + logic_ns."),
    "read_ns": ("ns", "Time of the rows read, each tRAS + tRP."),
    "write_ns": ("ns", "Time of the rows written, each tRAS + tRP."),
    "logic_ns": ("ns", "Time of the steps of the logic at the sense amplifiers, each tCCD_S."),
    "passes": ("passes", "How often all pairs of subarrays do the operation, one region of elements each, one after another."),
    "extends_the_table": ("", "Whether PIMeval's own table lacks the operation, so that its formula was extended."),
    "runtime": ("ns", "Time of the operation in all (`runtime_ns`)."),
    "read": ("ns", "Time of the rows read (`read_ns`)."),
    "write": ("ns", "Time of the rows written (`write_ns`)."),
    "logic": ("ns", "Time of the steps of the logic at the sense amplifiers (`logic_ns`)."),
    "rows raised": ("rows", "Rows that the activations raise, each row every time (`rows_raised`)."),
}

#: The commands of all DRAM standards.
COMMANDS = {
    "ACT": "Opens a row.",
    "PREpb": "Closes the open row of a bank, or of a subarray where each has a row of its own open.",
    "PREab": "Closes the open rows of all banks of a rank.",
    "RD": "Reads one transaction from the open row.",
    "WR": "Writes one transaction to the open row.",
    "RDA": "Reads one transaction and then closes the row.",
    "WRA": "Writes one transaction and then closes the row.",
    "REFab": "Refreshes all banks of a rank.",
    "REFpb": "Refreshes one bank.",
    "WR0": "Writes a transaction of which only bits that become 0 need a pulse.",
    "WR1": "Writes a transaction of which only bits that become 1 need a pulse.",
    "WRA0": "WR0, which then closes the row.",
    "WRA1": "WR1, which then closes the row.",
    **{f"ACT{rows}": f"ACT that raises {rows} rows together and counts as {rows} activations." for rows in (3, 5)},
    "LINK": "Row copy: the open row goes over the links of two subarrays on its way to another row buffer of the bank.",
    "LAND": "Row copy: the row of another subarray that takes the value is raised. It counts as one activation.",
    "COPY": "Second activation of an operation, to whose rows the sensed row is copied. It counts as no activation.",
    **{f"COPY{rows}": f"COPY that counts as {rows} activation{'s' if rows > 1 else ''}." for rows in range(1, 6)},
}

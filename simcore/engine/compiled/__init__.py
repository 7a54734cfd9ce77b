"""The compiled engine: the machine of the reference engine as one numba kernel over int64 tables."""

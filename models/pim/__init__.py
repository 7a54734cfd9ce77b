"""Published ways to compute in DRAM: families of micro-programs, and cost tables."""

"""The kind ``pim-dram``: DRAM that multiplies in its subarrays and adds up in its banks (docs/pim-dram.md)."""

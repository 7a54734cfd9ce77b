"""DRAM: standards resolved to integers, address mappings, traces, the timing checker, and energy."""

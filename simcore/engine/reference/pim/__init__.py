"""DRAM that computes, in the reference engine: processes of subarrays and refreshes, and the channel that owns the device."""

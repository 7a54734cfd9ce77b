"""The DRAM of the reference engine: the device, the request controllers on it, traces and main memory."""

"""The DRAM of the compiled engine: the device, the request controllers on it, traces and main memory."""

"""The DRAM of the compiled engine: the device, the request controllers that use it, traces, and the DRAM as main memory."""

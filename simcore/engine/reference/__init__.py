"""The reference engine: the machine as SimPy processes. It is the specification, written to be read rather than to be fast."""

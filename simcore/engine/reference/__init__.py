"""The reference engine: the machine as SimPy processes. It is the specification; it is kept readable, not fast."""

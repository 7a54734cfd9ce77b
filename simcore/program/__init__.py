"""The input and output of an engine: a layer's Program, the address formulas of its streams, and its Outcome."""

"""What an engine runs, and what it gives back: a layer's Program, the address formulas of its streams, its Outcome."""

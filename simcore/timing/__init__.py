"""Bank timings, which say how long an access keeps a bank busy: their contract, their compiled form, and their checks."""

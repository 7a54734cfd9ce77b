"""A System in integers: what both engines read of a machine."""

"""A System in integers: everything that both engines read of a machine."""

"""The cost of a training whose network shrinks: every distinct network is simulated once, and the epochs are summed up."""

"""The systolic machine as a kind: how a network is planned for it and run, what it costs, what is printed of it."""

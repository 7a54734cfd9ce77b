"""The systolic machine as a kind: the planning of networks, their execution, the costs and the printed tables."""

"""What stays in the scratchpads from layer to layer: a network's tensors, the gaps between their uses, their places, a check."""

"""Networks on a DRAM that computes: layers become dot products or work of the periphery, and get their places in the banks."""

"""Training that carries out a machine's training step layer by layer, with errors in every word that the machine writes."""

"""Networks and their mapping onto machines: layers, networks, importers, dataflows, training and faults."""

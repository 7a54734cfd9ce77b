"""Networks and how they map onto machines: layers, networks, importers, dataflows."""

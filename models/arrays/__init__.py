"""Memory macros of SRAM and STT-MRAM: area, latency, energy and leakage by capacity, node, leakage class and word width."""

"""DRAM that computes, in the compiled engine: the issuer of micro-programs on the compiled DRAM device."""

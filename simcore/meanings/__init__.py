"""The meaning of every name that a user meets: keys of files, columns, causes, headings, scratchpads, ports and DRAM timings."""

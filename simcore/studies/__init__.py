"""Studies: many runs and the tables they make. Each is a function of settings; the command line prints what it returns."""

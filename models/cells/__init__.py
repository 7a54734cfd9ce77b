"""One description of a memory cell: what it states, what follows from it, and where its figures contradict each other."""

"""The figures of a run on a machine of any kind, drawn with matplotlib (extra ``plot``) from the tables of the results."""

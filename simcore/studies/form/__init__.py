"""The form of a study: its request, parts and processes, and the saving and printing of its tables and findings."""

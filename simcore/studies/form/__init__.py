"""The form of a study: what it is asked, its parts, its processes, and what becomes of its tables and findings."""

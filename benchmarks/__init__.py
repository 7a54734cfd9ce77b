"""What is fast, and how fast: ``make bench`` runs these; the default test run does not collect them."""

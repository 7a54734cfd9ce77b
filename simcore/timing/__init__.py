"""How long a bank is busy with an access: the contract of a bank timing, its compiled form, and its checks."""

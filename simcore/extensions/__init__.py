"""Extensions from outside the package: a user's Python files, and what installed packages offer through entry points."""

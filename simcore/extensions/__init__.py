"""What is brought from outside the package: Python files of a user, and what installed packages offer by entry point."""

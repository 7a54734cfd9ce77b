"""Processes that share work with the process that started them, and end with it however it ends."""

"""The magnetic tunnel junction: switching, write errors, read disturb, retention, variation and endurance."""

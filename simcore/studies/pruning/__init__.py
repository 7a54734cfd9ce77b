"""The study of pruning. ``accuracy`` is its half with real training, a part that the whole study joins."""

"""Reverse mode: nodes and the clock, the walk, the stamps of writes, and the errors that teach."""

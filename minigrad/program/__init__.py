"""One call, forward and backward, as a program of plain NumPy: traced, guarded, run, and printed to read."""

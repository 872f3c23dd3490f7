"""What hooks cost: each module with a `main` is a command, as in `python -m benchmarks.hooks`."""

"""Keeps the project's own test run away from the files that are laid over upstream's tests."""

collect_ignore = ["stand_ins"]

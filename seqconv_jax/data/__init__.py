"""Data as plain NumPy arrays: sources, reviews, series, windows and stand-ins."""

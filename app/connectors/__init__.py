"""One folder per ad platform, the same files in each."""

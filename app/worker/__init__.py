"""What a lane does with its turn, and the sweep that finds what was missed."""

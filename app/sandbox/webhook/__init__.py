"""A webhook's receiver, played."""

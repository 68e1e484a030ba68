"""Meta Conversions API, played."""

"""LinkedIn Conversions API, played."""

"""LinkedIn through the Conversions API."""

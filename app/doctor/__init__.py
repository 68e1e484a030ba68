"""`leadwire doctor`: looks at an installation, beside whatever is running, and changes nothing."""

"""Leadwire: from a CRM's status change to a conversion at every connected ad platform."""

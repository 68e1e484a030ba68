"""Every ad platform, played locally and as strict as its documentation."""

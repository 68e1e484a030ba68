"""Every ad platform, played locally and as strict as its documentation.

The strictness is independent of the connectors on purpose: the checks here are written from the vendors'
pages, not from our own payload code, and nothing here imports app.connectors. To add a platform: a folder
beside the others with the same four parts (`platform.py` puts it together, `checks` say what is wrong with
a request, `answers.py` builds what the platform answers, `catalogue.py` lists how it can fail) and one line
in `registry.py`.
"""

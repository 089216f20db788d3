"""What catalogues know of models: files in well-known formats, a package with prices, and which entry is which model.

Enter at `reading.read` for a file and `lookup.Catalogues` for what is known of one model. A catalogue is only a source:
whether its word counts is decided in `catalog.facts`. Nothing here asks the network or knows a model's row.
"""

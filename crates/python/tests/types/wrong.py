"""Mistakes that the types have to find."""

import stacyard

stacyard.copy("a.ndjson", "b.parquet", mode="merge")  # wrong
stacyard.open("a.ndjson").search(limt=5)  # wrong
stacyard.validate("a.ndjson").rejects[0].findings[0].pointer + 1  # wrong
stacyard.open(5)  # wrong

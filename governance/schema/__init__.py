"""A database schema as frozen values: pages, drift, documents and the runner share it. Pure."""

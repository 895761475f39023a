"""The demonstration: InstaBids, its two databases, its people, and one change on its whole way."""

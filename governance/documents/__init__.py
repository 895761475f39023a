"""Documents: text for people, made from rows and templates."""

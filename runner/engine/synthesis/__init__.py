"""Made-up rows that fit a schema: what a table demands, values for its columns, keys that agree, and the way in by COPY."""

"""The lock table against a live server: each statement of `cases/` is executed, and the server says whether we were right."""

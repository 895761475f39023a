"""`manage.py analyse`: scripts of any origin, judged on the command line and in CI. Imports no Django and opens no database by itself."""

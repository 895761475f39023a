"""The HTTP API: schemas, and calls to `governance.workflow`. Version 1 is put together in `v1`."""

"""The admin: one file per noun, declarations, and buttons that call `workflow`."""

from governance.admin import agreements, compatibility, domains, evidence, exceptional_records, people, runs, specs, targets, windows

__all__ = ["agreements", "compatibility", "domains", "evidence", "exceptional_records", "people", "runs", "specs", "targets", "windows"]

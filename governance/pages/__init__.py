"""What the pages of the portal show, as values for their templates."""

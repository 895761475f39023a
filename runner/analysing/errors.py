"""What ends the command without an answer."""


class Impossible(Exception):
    """It cannot be done as asked; the text says what to do."""

"""The family of refusals."""

import inspect

from governance import errors
from governance.errors import Refusal

CLASSES = [each for each in vars(errors).values() if inspect.isclass(each) and issubclass(each, Refusal)]


def test_the_tree_in_the_docstring_names_every_refusal():
    missing = [each.__name__ for each in CLASSES if each.__name__ not in (errors.__doc__ or "")]

    assert missing == []


def test_every_refusal_says_its_reason_in_its_docstring():
    assert all(each.__doc__ for each in CLASSES)

"""What types, routines and indexes rest on: casts, languages, operator classes, access methods, and wrappers of foreign data."""

from collections.abc import Iterator

from governance.schema.model import Kind, SchemaObject
from governance.schema.recipes.recipe import Anew, Impossible
from governance.schema.recipes.words import called, commented, foreign_options, literal, owner, regranted
from governance.schema.tree import Tree


def _clauses(item: SchemaObject, *words: str) -> list[str]:
    """“HANDLER h” for each of the words that is an attribute."""
    return [f"{word.upper()} {item.get(word)}" for word in words if item.get(word)]


def make_cast(cast: SchemaObject, tree: Tree) -> Iterator[str]:
    by = cast.get("by")
    how = {"INOUT": "WITH INOUT", "WITHOUT FUNCTION": by}.get(by, f"WITH FUNCTION {by}")
    context = f" AS {cast.get('context').upper()}" if cast.get("context") else ""
    yield f"CREATE {called(cast)} {how}{context}"
    yield from commented(cast)


def make_conversion(conversion: SchemaObject, tree: Tree) -> Iterator[str]:
    default = "DEFAULT " if conversion.get("default") else ""
    source, result = (literal(conversion.get(name)) for name in ("source", "result"))
    yield f"CREATE {default}CONVERSION {conversion.name} FOR {source} TO {result} FROM {conversion.get('function')}"
    yield from owner(conversion)
    yield from commented(conversion)


def make_language(language: SchemaObject, tree: Tree) -> Iterator[str]:
    trusted = "TRUSTED " if language.get("trusted") else ""
    yield " ".join([f"CREATE {trusted}LANGUAGE {language.name}", *_clauses(language, "handler", "inline", "validator")])
    yield from owner(language)
    yield from commented(language)
    yield from regranted(None, language)


def make_transform(transform: SchemaObject, tree: Tree) -> Iterator[str]:
    ways = (("from", "FROM"), ("to", "TO"))
    parts = [f"{word} SQL WITH FUNCTION {transform.get(name)}" for name, word in ways if transform.get(name)]
    yield f"CREATE {called(transform)} ({', '.join(parts)})"
    yield from commented(transform)


def make_wrapper(wrapper: SchemaObject, tree: Tree) -> Iterator[str]:
    options = foreign_options("", wrapper.get("options")).replace("ADD ", "")
    yield " ".join(filter(None, [f"CREATE {called(wrapper)}", *_clauses(wrapper, "handler", "validator"), options]))
    yield from owner(wrapper)
    yield from commented(wrapper)
    yield from regranted(None, wrapper)


def change_wrapper(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    gone = [f"NO {name.upper()}" for name in ("handler", "validator") if before.get(name) and not after.get(name)]
    new = [f"{name.upper()} {after.get(name)}" for name in ("handler", "validator") if after.get(name) not in ("", before.get(name))]
    options = foreign_options(before.get("options"), after.get("options"))
    yield " ".join(filter(None, [f"ALTER {called(after)}", *gone, *new, options]))


WRAPPER_CHANGES = dict.fromkeys(("handler", "validator", "options"), change_wrapper)


def make_mapping(mapping: SchemaObject, tree: Tree) -> Iterator[str]:
    raise Impossible("it holds a password, which no snapshot keeps; make it by hand")


def make_access_method(method: SchemaObject, tree: Tree) -> Iterator[str]:
    yield f"CREATE {called(method)} TYPE {method.get('form').upper()} HANDLER {method.get('handler')}"
    yield from commented(method)


def make_operator_family(family: SchemaObject, tree: Tree) -> Iterator[str]:
    yield f"CREATE {called(family)}"
    yield from owner(family)
    yield from commented(family)


def add_members(family: SchemaObject, tree: Tree) -> Iterator[str]:
    """Those that belong to none of its classes."""
    if family.get("members"):
        yield f"ALTER {called(family)} ADD {family.get('members')}"


def make_operator_class(operators: SchemaObject, tree: Tree) -> Iterator[str]:
    name, _, method = operators.name.rpartition(" USING ")
    default = "DEFAULT " if operators.get("default") else ""
    parts = [operators.get("members"), f"STORAGE {operators.get('stored as')}" if operators.get("stored as") else ""]
    # of a class without members nothing else can be said
    listed = ", ".join(filter(None, parts)) or f"STORAGE {operators.get('type')}"
    yield (
        f"CREATE OPERATOR CLASS {name} {default}FOR TYPE {operators.get('type')} USING {method} "
        f"FAMILY {operators.get('family')} AS {listed}"
    )
    yield from owner(operators)
    yield from commented(operators)


def make_dictionary(dictionary: SchemaObject, tree: Tree) -> Iterator[str]:
    parts = [f"TEMPLATE = {dictionary.get('template')}", dictionary.get("options")]
    yield f"CREATE {called(dictionary)} ({', '.join(filter(None, parts))})"
    yield from owner(dictionary)
    yield from commented(dictionary)


def make_configuration(configuration: SchemaObject, tree: Tree) -> Iterator[str]:
    yield f"CREATE {called(configuration)} (PARSER = {configuration.get('parser')})"
    yield from owner(configuration)
    yield from commented(configuration)
    yield from change_mappings(SchemaObject(Kind.TEXT_SEARCH_CONFIGURATION, configuration.name, "", ()), configuration, tree)


def change_mappings(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    was, now = (dict(line.split(" with ", 1) for line in item.get("mappings").split("\n") if line) for item in (before, after))
    for token in sorted(was.keys() | now.keys()):
        if was.get(token) != now.get(token):
            if token in was:
                yield f"ALTER {called(after)} DROP MAPPING FOR {token}"
            if token in now:
                yield f"ALTER {called(after)} ADD MAPPING FOR {token} WITH {now[token]}"


def _of_functions(item: SchemaObject, *words: str) -> str:
    return f"CREATE {called(item)} ({', '.join(f'{word.upper()} = {item.get(word)}' for word in words if item.get(word))})"


def make_parser(parser: SchemaObject, tree: Tree) -> Iterator[str]:
    yield _of_functions(parser, "start", "gettoken", "end", "lextypes", "headline")
    yield from commented(parser)


def make_template(template: SchemaObject, tree: Tree) -> Iterator[str]:
    yield _of_functions(template, "init", "lexize")
    yield from commented(template)


def change_options(before: SchemaObject, after: SchemaObject, tree: Tree) -> Iterator[str]:
    """Options that are gone would stay: the statement only sets."""
    if before.get("options") and not after.get("options").startswith(before.get("options")):
        raise Anew
    yield f"ALTER {called(after)} ({after.get('options')})"

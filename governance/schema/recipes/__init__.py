"""The recipe of every kind of object. Pure: from values to SQL text."""

from collections.abc import Mapping

from governance.schema.model import Kind
from governance.schema.recipes import columns, foundations, keys, others, privileges, routines, sequences, tables, types, views
from governance.schema.recipes.recipe import Anew, Impossible, Recipe

RECIPES: Mapping[Kind, Recipe] = {
    Kind.SCHEMA: Recipe(0, others.make_schema),
    Kind.EXTENSION: Recipe(1, others.make_extension, others.EXTENSION_CHANGES),
    Kind.COLLATION: Recipe(2, types.make_collation),
    Kind.ACCESS_METHOD: Recipe(2, foundations.make_access_method),
    Kind.FOREIGN_DATA_WRAPPER: Recipe(2, foundations.make_wrapper, foundations.WRAPPER_CHANGES),
    Kind.LANGUAGE: Recipe(2, foundations.make_language),
    Kind.TEXT_SEARCH_PARSER: Recipe(2, foundations.make_parser),
    Kind.TEXT_SEARCH_TEMPLATE: Recipe(2, foundations.make_template),
    Kind.TEXT_SEARCH_DICTIONARY: Recipe(3, foundations.make_dictionary, {"options": foundations.change_options}),
    Kind.TEXT_SEARCH_CONFIGURATION: Recipe(3, foundations.make_configuration, {"mappings": foundations.change_mappings}),
    Kind.FOREIGN_SERVER: Recipe(2, others.make_server, others.SERVER_CHANGES),
    Kind.TYPE: Recipe(3, types.make, {"labels": types.change_labels}),
    Kind.DOMAIN: Recipe(3, types.make_domain, types.DOMAIN_CHANGES),
    Kind.SEQUENCE: Recipe(4, sequences.make, sequences.CHANGES, drop=sequences.drop, late_rank=10, make_late=sequences.give_away),
    Kind.FUNCTION: Recipe(5, routines.make, routines.CHANGES),
    Kind.PROCEDURE: Recipe(5, routines.make, routines.CHANGES),
    Kind.AGGREGATE: Recipe(6, routines.make_aggregate),
    Kind.OPERATOR: Recipe(6, routines.make_operator),
    Kind.USER_MAPPING: Recipe(6, foundations.make_mapping),
    Kind.CAST: Recipe(6, foundations.make_cast),
    Kind.CONVERSION: Recipe(6, foundations.make_conversion),
    Kind.TRANSFORM: Recipe(6, foundations.make_transform),
    Kind.OPERATOR_FAMILY: Recipe(6, foundations.make_operator_family, late_rank=6, make_late=foundations.add_members),
    Kind.OPERATOR_CLASS: Recipe(6, foundations.make_operator_class),
    Kind.TABLE: Recipe(7, tables.make, tables.CHANGES, late_rank=8, make_late=tables.attach),
    Kind.COLUMN: Recipe(9, columns.make, columns.CHANGES, columns.drop, make_with_parent=columns.make_rest),
    Kind.CONSTRAINT: Recipe(11, keys.make, keys.CONSTRAINT_CHANGES, keys.drop, make_with_parent=keys.make_rest),
    Kind.INDEX: Recipe(12, keys.make_index, keys.INDEX_CHANGES),
    Kind.VIEW: Recipe(13, views.make, views.VIEW_CHANGES),
    Kind.MATERIALIZED_VIEW: Recipe(13, views.make_materialized, views.MATERIALIZED_CHANGES, late_rank=18, make_late=views.fill),
    Kind.RULE: Recipe(14, views.make_rule, {"enabled": views.change_enabled}),
    Kind.TRIGGER: Recipe(15, views.make_trigger, {"enabled": views.change_enabled}, views.drop_trigger),
    Kind.POLICY: Recipe(15, views.make_policy),
    Kind.STATISTICS: Recipe(15, views.make_statistics, {"target": views.change_target}),
    Kind.PUBLICATION: Recipe(19, others.make_publication, others.PUBLICATION_CHANGES),
    Kind.SUBSCRIPTION: Recipe(19, others.make_subscription, others.SUBSCRIPTION_CHANGES),
    Kind.DEFAULT_PRIVILEGES: Recipe(
        20, others.make_default_privileges, {"privileges": others.change_default_privileges}, others.drop_default_privileges
    ),
    Kind.EVENT_TRIGGER: Recipe(21, others.make_event_trigger, {"enabled": others.change_enabled}),
    Kind.PRIVILEGES: Recipe(22, privileges.make, privileges.CHANGES, privileges.drop),
}

__all__ = ["RECIPES", "Anew", "Impossible", "Recipe"]

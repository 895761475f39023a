"""Which changes of type copy the table."""

import pytest

from governance.analysis.types import rewrites

VARCHAR, TIMESTAMP, TIMESTAMPTZ = "character varying", "timestamp without time zone", "timestamp with time zone"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"{VARCHAR}(20)", f"{VARCHAR}(40)"),
        (f"{VARCHAR}(20)", VARCHAR),
        (f"{VARCHAR}(20)", "text"),
        ("text", VARCHAR),
        ("numeric(10,2)", "numeric(12,2)"),
        ("numeric(10)", "numeric(12,0)"),
        ("numeric(10,2)", "numeric"),
        ("timestamp(3) without time zone", "timestamp(6) without time zone"),
        ("timestamp(3) with time zone", TIMESTAMPTZ),
        ("bit varying(4)", "bit varying(8)"),
        ("cidr", "inet"),
        ("integer", "integer"),
        (f"{VARCHAR}(20)[]", f"{VARCHAR}(40)[]"),
    ],
)
def test_widening_is_metadata_only(old, new):
    assert not rewrites(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"{VARCHAR}(40)", f"{VARCHAR}(20)"),
        (VARCHAR, f"{VARCHAR}(20)"),
        ("text", f"{VARCHAR}(20)"),
        ("integer", "bigint"),
        ("numeric(10,2)", "numeric(12,3)"),
        ("numeric", "numeric(10,2)"),
        ("character(5)", "text"),
        ("character(5)", "character(8)"),
        ("text", "text[]"),
        ("json", "jsonb"),
        (TIMESTAMP, TIMESTAMPTZ),
        ("mood", "text"),
        ("timestamp(6) with time zone", "timestamp(3) with time zone"),
    ],
)
def test_everything_else_copies(old, new):
    assert rewrites(old, new)

"""Texts of a specification as pages show them."""

import time

import pytest

from portal.prose import rendered

FENCED = "Before:\n```sql\nSELECT 1;\n\n- no list\n```\nBehind."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("One line\nand its rest.\n\nAnother.", "<p>One line and its rest.</p>\n<p>Another.</p>"),
        ("Adds `total` and `bids.note`.", "<p>Adds <code>total</code> and <code>bids.note</code>.</p>"),
        ("A `name that\nbreaks`.", "<p>A <code>name that breaks</code>.</p>"),
        ("One ` alone.", "<p>One ` alone.</p>"),
        (
            "First:\n- `a`\n  goes on\n- b\n\n- c\n\nLast.",
            "<p>First:</p>\n<ul><li><code>a</code> goes on</li><li>b</li><li>c</li></ul>\n<p>Last.</p>",
        ),
        ("1. one\n2. two", '<ol start="1"><li>one</li><li>two</li></ol>'),
        ("3) three", '<ol start="3"><li>three</li></ol>'),
        ("It was made in\n2024. It is old.", "<p>It was made in 2024. It is old.</p>"),
        (FENCED, "<p>Before:</p>\n<pre><code>SELECT 1;\n\n- no list</code></pre>\n<p>Behind.</p>"),
        ("```\nnever ended", "<pre><code>never ended</code></pre>"),
        ("**bold** and # a heading\r\nstay", "<p>**bold** and # a heading stay</p>"),
        ("", ""),
    ],
)
def test_paragraphs_lists_and_code_are_shown_and_the_rest_stays(text, shown):
    assert rendered(text) == shown


@pytest.mark.parametrize("text", ["{}", "`{}`", "- {}", "1. {}", "```\n{}\n```", "`{}"])
def test_no_html_of_an_author_reaches_the_page(text):
    page = rendered(text.format('<script>alert("x")</script><img src=x onerror=y>{0}'))

    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(&quot;x&quot;)" in page


@pytest.mark.parametrize("text", ["`" * 200_000, "` `` " * 5_000, "- " * 100_000, "- a\n" * 5_000, "1. \n" * 50_000])
def test_hostile_texts_take_no_time(text):
    began = time.monotonic()

    rendered(text)

    assert time.monotonic() - began < 2

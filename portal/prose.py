"""The little Markdown of a specification: paragraphs, lists, code. The rest stays as it was typed; nothing of it is HTML."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

FENCE, CODE = re.compile(r"\s*```"), re.compile(r"`([^`]+)`")
BULLET, NUMBER = re.compile(r"\s*[-*•]\s+(?=\S)"), re.compile(r"\s*(\d{1,6})[.)]\s+(?=\S)")


@dataclass(slots=True)
class Block:
    tag: str  # p, ul, ol, pre
    parts: list[list[str]]  # lines, of each item where it is a list
    start: int = 1


def rendered(text: str) -> SafeString:
    """Lines of a paragraph flow, however the source broke them."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return format_html_join("\n", "{}", ((_shown(block),) for block in _blocks(lines)))


def _blocks(lines: Iterable[str]) -> list[Block]:
    blocks, goes_on = list[Block](), False
    for line in lines:
        last = blocks[-1] if goes_on else None
        if last and last.tag == "pre":
            goes_on = not FENCE.match(line)
            last.parts[0] += [line] if goes_on else []
        elif not line.strip():
            goes_on = False
        else:
            if item := _item(line, last):
                _list(blocks, item)
            elif FENCE.match(line):
                blocks.append(Block("pre", [[]]))
            elif last:
                last.parts[-1].append(line.strip())
            else:
                blocks.append(Block("p", [[line.strip()]]))
            goes_on = True
    return blocks


def _item(line: str, last: Block | None) -> Block | None:
    """A list of the one item that the line begins. Within a paragraph a number is one only if it is 1: a line may begin with a year."""
    if found := BULLET.match(line):
        return Block("ul", [[line[found.end() :].strip()]])
    found = NUMBER.match(line)
    if found and (last is None or last.tag != "p" or int(found[1]) == 1):
        return Block("ol", [[line[found.end() :].strip()]], int(found[1]))
    return None


def _list(blocks: list[Block], item: Block) -> None:
    """An empty line between two items does not end their list."""
    if blocks and blocks[-1].tag == item.tag:
        blocks[-1].parts += item.parts
    else:
        blocks.append(item)


def _shown(block: Block) -> SafeString:
    if block.tag == "pre":
        return format_html("<pre><code>{}</code></pre>", "\n".join(block.parts[0]))
    texts = [_inline(" ".join(lines)) for lines in block.parts]
    if block.tag == "p":
        return format_html("<p>{}</p>", texts[0])
    items = format_html_join("", "<li>{}</li>", ((text,) for text in texts))
    return format_html("<ul>{}</ul>", items) if block.tag == "ul" else format_html('<ol start="{}">{}</ol>', block.start, items)


def _inline(text: str) -> SafeString:
    """A backtick without its other stays one."""
    pieces = enumerate(CODE.split(text))  # text and code in turns
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", piece) if place % 2 else conditional_escape(piece),) for place, piece in pieces)
    )

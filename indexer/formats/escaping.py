"""Texts of any content, written so that every reader of a format takes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from json import dumps
from typing import Any

from metta_index.indexer.checking.findings import printable

#: XML 1.0 has no way to write what is not of these, not even as references.
_IN_XML = "\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff"
_XML_NAMES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_HIDDEN = re.compile("[^\x20-\x7e]")


def json_line(value: Any) -> str:
    """One line of JSON. Halves of characters, which strict readers refuse, are shown as `printable` shows them."""
    text = dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return dumps(_printable(value), ensure_ascii=False)
    return text


def json_items(values: Iterable[Any]) -> Iterator[str]:
    """The items of a JSON array, one a line."""
    before = None
    for value in values:
        if before is not None:
            yield f"{before},"
        before = json_line(value)
    if before is not None:
        yield before


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _printable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_printable(one) for one in value]
    return value


def xml_text(text: str) -> str:
    """A text for an element or a quoted attribute of XML 1.0; what XML cannot say is shown as \\xNN or \\uNNNN."""
    return re.sub(f'[&<>"\t\n\r]|[^{_IN_XML}]', _xml, printable(text))


def _xml(found: re.Match[str]) -> str:
    char = found.group()
    if re.match(f"[^{_IN_XML}]", char):
        return shown_character(char)
    # A reader would fold white space in an attribute that is not written as a reference.
    return _XML_NAMES.get(char) or f"&#{ord(char)};"


def xml_element(name: str, attributes: Iterable[tuple[str, object]], close: bool = False) -> str:
    """A start tag, or an empty element where `close`."""
    written = "".join(f' {key}="{xml_text(str(value))}"' for key, value in attributes)
    return f"<{name}{written}{'/' if close else ''}>"


def visible(text: str) -> str:
    """One line in which everything can be seen: control characters, and such as turn the text around, are escaped."""
    if text.isascii() and text.isprintable():
        return text
    text = printable(text)
    return _HIDDEN.sub(
        lambda found: found.group() if found.group().isprintable() else shown_character(found.group()), text
    )


def visible_lines(text: str) -> list[str]:
    """The lines of a text, at least one, each as `visible` shows it."""
    if text.isascii() and text.isprintable():
        return [text]
    return [visible(line.removesuffix("\r")) for line in text.split("\n")]


def shown_character(char: str) -> str:
    """A character that cannot be written as it is: \\n, \\x1b, \\u202e."""
    return char.encode("unicode_escape").decode()

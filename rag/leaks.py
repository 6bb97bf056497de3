"""Leaks between customers: a text that carries a name or an identifier of somebody else.

Belongs here: the cross-check of a night's texts against all of the night's customers. A text is written once for many
customers, so what it says of one of them it would say to all: one hit stops the whole release.
"""

import re
from collections.abc import Iterable, Mapping

_SLOT = re.compile(r"\{[a-z_]+\}")
_NAMED = re.compile(
    r"\b(?:Hi|Hello|Dear|Hey|Welcome\s+back|Congratulations|Thank\s+you|Thanks),?\s+(?P<greeted>[^\W\d_][\w'’-]*)"
    r"|(?<![\w'’-])(?P<owner>[^\W\d_][\w-]*)['’]s\s+(?:\w+\s+)?(?:account|balance|card|loan|savings|money|deposit|payment|name)\b"
    r"|(?:^|[.!?\n]\s*)(?P<called>[^\W\d_][\w-]*),\s+(?:your?|you're)\b"
)
_TOKEN = re.compile(r"[\w-]+")
_SHORTEST_IDENTIFIER = 6
"""Characters (4 to 12). Shorter customer ids, such as 17, stand in ordinary copy too."""


def cross_customer_leak(
    texts: Mapping[str, str], first_names: Iterable[object], customer_ids: Iterable[object]
) -> str | None:
    """Name the first text that greets, names or numbers a customer by itself, where a slot should stand.

    Parameters
    ----------
    texts : mapping of template_id to text
        Subjects and bodies with their slots unfilled.
    first_names : iterable of object
        First names of the night's customers, as they were given.
    customer_ids : iterable of object

    Returns
    -------
    str or None
        The template and what it holds, in words that repeat no personal data.
    """
    names = {name.strip().casefold() for name in first_names if isinstance(name, str) and name.strip()}
    identifiers = {
        str(name).casefold()
        for name in customer_ids
        if len(str(name)) >= _SHORTEST_IDENTIFIER and any(sign.isdigit() for sign in str(name))
    }
    for template_id in sorted(texts):
        text = _SLOT.sub(" ", texts[template_id])
        for match in _NAMED.finditer(text):
            word = (match["greeted"] or match["owner"] or match["called"]).casefold()
            if word in names:
                return f"template {template_id} holds the first name of a customer"
        if identifiers & {token.casefold() for token in _TOKEN.findall(text)}:
            return f"template {template_id} holds the identifier of a customer"
    return None

"""Words of copy that state no fact, so a sentence may hold them without a source.

Belongs here: the list in `neutral_words.txt`, stemmed. A word that could promise, grade, deny or limit anything does
not belong on it.
"""

from pathlib import Path

from rag.claims.conditions import stem

_FILE = Path(__file__).parent / "neutral_words.txt"

NEUTRAL_STEMS = frozenset(
    stem(word)
    for line in _FILE.read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
    for word in line.split()
)

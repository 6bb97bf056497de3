"""Passages with claims written by hand: the file format, and the texts that ship with the project.

Belongs here: reading `passages/*.txt` (and files of the same form elsewhere). In such a file a line beginning with '='
opens a passage and names its domain, '>' adds a paragraph of evidence, '+' a claim it supports, '-' one it does not;
'#' is a comment.
"""

from dataclasses import dataclass
from pathlib import Path

PASSAGES_DIR = Path(__file__).parent / "passages"
"""Passages that ship: everyday domains, all of it invented."""
NATURAL_DIR = PASSAGES_DIR / "natural"
"""More of them, whose claims are as likely near copies as free wordings whether true or false; never rewritten by
rule."""


class PassageError(ValueError):
    """A passage file has a line that can't be read; the message names file, line and what was expected."""


@dataclass(frozen=True)
class Passage:
    """Evidence with claims.

    Attributes
    ----------
    name : str
        File and running number: what held-out folds are made of.
    domain : str
        Such as 'news' or 'record'.
    paragraphs : tuple of str
        The evidence.
    supported, unsupported : tuple of str
        Claims that follow from it, and claims that do not.
    """

    name: str
    domain: str
    paragraphs: tuple[str, ...]
    supported: tuple[str, ...]
    unsupported: tuple[str, ...]

    @property
    def evidence(self) -> str:
        """The paragraphs as one text."""
        return "\n".join(self.paragraphs)


def read_passages(path: Path) -> list[Passage]:
    """Read a file of passages.

    Raises
    ------
    PassageError
        If a line has no known mark, or a passage no evidence.
    """
    passages: list[Passage] = []
    domain = ""
    lines: dict[str, list[str]] = {">": [], "+": [], "-": []}

    def close() -> None:
        if not domain:
            return
        if not lines[">"]:
            raise PassageError(f"{path.name}: passage {len(passages) + 1} ('{domain}') has no evidence; add a '>' line")
        name = f"{path.stem}:{len(passages) + 1}"
        passages.append(Passage(name, domain, tuple(lines[">"]), tuple(lines["+"]), tuple(lines["-"])))

    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        mark, text = line[0], line[1:].strip()
        if mark == "=":
            close()
            domain, lines = text, {">": [], "+": [], "-": []}
        elif mark in lines and text and domain:
            lines[mark].append(text)
        else:
            raise PassageError(f"{path.name}, line {number}: '{line[:40]}' begins with none of = > + - #; mark it")
    close()
    return passages


def read_all_passages(folder: Path = PASSAGES_DIR) -> list[Passage]:
    """Read every passage file of a folder, in order of name."""
    return [passage for path in sorted(folder.glob("*.txt")) for passage in read_passages(path)]

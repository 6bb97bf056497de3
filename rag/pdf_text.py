"""From PDF to text: pages in order, lines joined to paragraphs, hidden text marked.

Belongs here: what knows pypdf. A PDF has no headings or lists that could be trusted, so its passages are paragraphs.
A page that shows text in the invisible mode, or in white where nothing dark was painted before, is marked in each of
its paragraphs (`rag.quarantine.HIDDEN_MARK`), so that all its passages are quarantined.
"""

import io
import logging
import re
import struct
import zlib
from typing import Any

from rag.quarantine import HIDDEN_MARK

MAX_BYTES = 50_000_000
MAX_PAGES = 1_000
"""Larger files are refused: a bank's sheet has some pages, and a page may unpack to much more than it weighs."""
MAX_CHARACTERS = 5_000_000
_INVISIBLE_MODES = (3, 7)
_DARKEST_WHITE = 0.97
_ENDS_PARAGRAPH = re.compile(r"[.!?:;]$")
_BULLET = re.compile(r"^\s*[\u2022\u25aa\u25cf\u2023\u00b7\u2013]\s*")
_SOFT_HYPHEN = re.compile("\u00ad\\n?")
_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What a reader of other people's bytes raises on a broken file, beside pypdf's own errors."""


class PdfError(ValueError):
    """The file can't be read as text; the message says what was found and what to do."""


def read_pdf(raw: bytes) -> str:
    """Read the text of a PDF.

    Parameters
    ----------
    raw : bytes
        The file.

    Returns
    -------
    str
        Paragraphs separated by blank lines; not yet normalised.

    Raises
    ------
    PdfError
        If the file is too large, broken, encrypted, or holds no text (a scan).
    """
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    if len(raw) > MAX_BYTES:
        raise PdfError(f"{len(raw):,} bytes; at most {MAX_BYTES:,} are read: split the file")
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(raw))
        if reader.is_encrypted:
            raise PdfError("the PDF is encrypted; save it without a password")
        count = len(reader.pages)
        if count > MAX_PAGES:
            raise PdfError(f"{count:,} pages; at most {MAX_PAGES:,} are read: split the file")
        pages = [_page_text(page) for page in reader.pages]
    except PdfError:
        raise
    except (PyPdfError, *_FAULTS) as error:
        raise PdfError(f"not a PDF that can be read ({type(error).__name__}: {error}); export it again") from error
    text = "\n\n".join(page for page in pages if page)
    if not text.strip():
        raise PdfError(f"no text on its {count} pages; a scan needs its text recognised first")
    if len(text) > MAX_CHARACTERS:
        raise PdfError(f"{len(text):,} characters of text; at most {MAX_CHARACTERS:,} are read: split the file")
    return text


def _page_text(page: Any) -> str:
    """Return the paragraphs of a page, marked if it hides text."""
    watch = _PaintWatch()
    text = page.extract_text(visitor_operand_before=watch.see)
    lines = _SOFT_HYPHEN.sub("", text).split("\n")
    paragraphs = _paragraphs([line.strip() for line in lines])
    return "\n\n".join(f"{text} {HIDDEN_MARK}" if watch.hides_text else text for text in paragraphs)


def _paragraphs(lines: list[str]) -> list[str]:
    """Join the lines of a page: a line goes on in the next one unless it ends a sentence or is clearly short."""
    widest = max((len(line) for line in lines), default=0)
    paragraphs: list[str] = []
    is_open = False
    for line in lines:
        text, bullets = _BULLET.subn("", line)
        if not text:
            is_open = False
            continue
        if is_open and not bullets:
            paragraphs[-1] += f" {text}"
        else:
            paragraphs.append(text)
        is_open = len(line) > 0.6 * widest and not _ENDS_PARAGRAPH.search(text)
    return paragraphs


class _PaintWatch:
    """Follows how a page paints text: its rendering mode, its colour, and whether anything dark lies below."""

    def __init__(self) -> None:
        self.hides_text = False
        self._mode, self._is_white, self._has_dark = 0, False, False
        self._stack: list[tuple[int, bool]] = []

    def see(self, operator: bytes, operands: list, *_: object) -> None:
        """Take one operator of the page's content stream."""
        name = operator.decode("latin-1") if isinstance(operator, bytes) else str(operator)
        if name == "q":
            self._stack.append((self._mode, self._is_white))
        elif name == "Q" and self._stack:
            self._mode, self._is_white = self._stack.pop()
        elif name == "Tr" and operands:
            self._mode = int(operands[0])
        elif name in ("g", "rg", "sc", "scn"):
            numbers = [float(value) for value in operands if isinstance(value, (int, float))]
            self._is_white = len(numbers) in (1, 3) and min(numbers) >= _DARKEST_WHITE
        elif name == "k":
            self._is_white = bool(operands) and max(float(value) for value in operands) <= 1 - _DARKEST_WHITE
        elif name in ("f", "F", "f*", "B", "B*", "b", "b*", "Do", "sh"):
            self._has_dark = self._has_dark or not self._is_white
        elif name in ("Tj", "TJ", "'", '"'):
            self.hides_text = (
                self.hides_text or self._mode in _INVISIBLE_MODES or (self._is_white and not self._has_dark)
            )

"""From HTML to text: what a reader of the page sees, in the structure that passages are cut by.

Belongs here: reading tags, and telling seen from hidden. Headings become `#` lines, list items `- ` lines, a row of a
table one `- ` line with its cells joined, other blocks paragraphs. Scripts, styles and comments between blocks are no
text. Where hidden text stood inside or beside what is seen, a mark stays (`rag.quarantine.HIDDEN_MARK`), so that the
passage there is quarantined; the hidden words themselves are dropped. Style sheets in other files are not read.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from rag.quarantine import HIDDEN_MARK


def _names(block: str) -> frozenset[str]:
    return frozenset(block.split())


_BLOCKS = _names(
    "address article aside blockquote body caption dd details div dl dt fieldset figcaption figure footer form h1 h2 "
    "h3 h4 h5 h6 header hr html legend li main nav ol p pre section summary table tbody tfoot thead tr ul"
)
_SILENT = _names("script style template iframe object embed svg canvas noscript head title select datalist")
"""Elements whose content is never text of the page."""
_VOID = _names("area base br col embed hr img input link meta source track wbr")
_DEEPEST = 200
"""Open elements at most; a page nested deeper is refused (a real one has some 30)."""
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_LAST_SIMPLE = re.compile(r"(?P<tag>[a-z][a-z0-9]*)?(?P<marks>(?:[.#][\w-]+)*)$", re.IGNORECASE)
_HIDING = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|opacity:0(?:\.0+)?(?:;|%|$)|font-size:0(?:\.0+)?(?:px|pt|em|rem|%)?(?:;|$)"
    r"|(?:text-indent|left|top|right|margin-left):-\d{3,}|clip:rect\(0|clip-path:inset\((?:50|100)%"
    r"|(?:max-)?(?:height|width):0(?:px)?;.*overflow:hidden|overflow:hidden;.*(?:height|width):0(?:px)?(?:;|$)"
)
_COLOR = re.compile(r"(?:^|;)color:([^;]+)")
_BACKGROUND = re.compile(r"(?:^|;)background(?:-color)?:([^;]+)")
_WHITE = re.compile(
    r"white|#f{3}|#f{6}|#f[a-f89]f[a-f89]f[a-f89]|rgba?\((?:25[0-5]|24[89]),(?:25[0-5]|24[89]),(?:25[0-5]|24[89])"
)


class HtmlError(ValueError):
    """The page can't be read; the message says what was found and what was expected."""


@dataclass
class _Element:
    tag: str
    is_hidden: bool
    is_silent: bool
    background: str


@dataclass
class _Block:
    prefix: str = ""
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.parts).split())


def read_html(source: str) -> tuple[str, dict[str, str]]:
    """Read a page.

    Parameters
    ----------
    source : str
        The decoded file.

    Returns
    -------
    text : str
        Headings, lists and paragraphs as Markdown-like lines; not yet normalised.
    fields : dict of str to str
        `<meta name=... content=...>` by name, and 'title' from `<title>` where no meta gives one.

    Raises
    ------
    HtmlError
        If the page is nested deeper than any real one.
    """
    rules = _hiding_rules(" ".join(re.findall(r"<style\b[^>]*>(.*?)</style", source, re.DOTALL | re.IGNORECASE)))
    reader = _Reader(rules)
    reader.feed(source)
    reader.close()
    reader.end_block()
    if reader.title.strip():
        reader.fields.setdefault("title", " ".join(reader.title.split()))
    return "\n".join(reader.lines), reader.fields


def _compact(style: str) -> str:
    """Bring declarations to lower case without spaces and `!important`."""
    return re.sub(r"\s+|!important", "", style.lower())


def _hides(style: str, background: str) -> bool:
    """Tell whether declarations hide text that stands on a background."""
    if _HIDING.search(style):
        return True
    color, behind = _COLOR.search(style), _BACKGROUND.search(style)
    if color is None:
        return False
    shown, ground = color[1], behind[1] if behind else background
    return shown in ("transparent", ground) or bool(_WHITE.match(shown) and (not ground or _WHITE.match(ground)))


def _hiding_rules(css: str) -> list[tuple[str, frozenset[str]]]:
    """Return (tag, marks) of the simple selectors whose rules hide text; of a chain the last part counts."""
    rules = []
    for selectors, body in _RULE.findall(re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)):
        if not _hides(_compact(body), ""):
            continue
        for selector in selectors.split(","):
            match = _LAST_SIMPLE.fullmatch(selector.strip().split(" ")[-1].split(">")[-1].split(":")[0])
            if match and (match["tag"] or match["marks"]):
                rules.append(((match["tag"] or "").lower(), frozenset(re.findall(r"[.#][\w-]+", match["marks"]))))
    return rules


class _Reader(HTMLParser):
    """Walks the tags once and writes lines."""

    def __init__(self, rules: list[tuple[str, frozenset[str]]]) -> None:
        super().__init__(convert_charrefs=True)
        self.rules = rules
        self.lines: list[str] = []
        self.fields: dict[str, str] = {}
        self.title = ""
        self._open: list[_Element] = []
        self._block = _Block()
        self._cells: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "meta" and values.get("name"):
            self.fields.setdefault(values["name"].strip().lower(), values.get("content", "").strip())
        if tag in _VOID:
            if tag in ("br", "hr") and not self._is_silent:
                self._write("\n" if tag == "br" else "")
            return
        if len(self._open) >= _DEEPEST:
            raise HtmlError(f"more than {_DEEPEST} elements nested at line {self.getpos()[0]}; expected a plain page")
        style = _compact(values.get("style", "") + (f";color:{values['color']}" if "color" in values else ""))
        behind = _BACKGROUND.search(style)
        ground = behind[1] if behind else _compact(values.get("bgcolor", "")) or self._ground
        is_hidden = "hidden" in values or _hides(style, self._ground) or self._matches_rule(tag, values)
        if tag in _BLOCKS:
            self._begin(tag)
        element = _Element(tag, is_hidden or self._is_hidden, tag in _SILENT or self._is_silent, ground)
        self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag not in (element.tag for element in self._open):
            return
        while self._open.pop().tag != tag:
            pass
        if tag in ("td", "th") and self._cells is not None:
            self._cells.append(self._block.text)
            self._block.parts.clear()
        elif tag == "tr" and self._cells is not None:
            cells = [cell for cell in self._cells if cell]
            self._cells = None
            self._block = _Block("- ", [": ".join(cells) if len(cells) == 2 else " | ".join(cells)])
            self.end_block()
        elif tag in _BLOCKS:
            self.end_block()

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1].tag == "title":
            self.title += data
        elif self._is_silent:
            return
        elif self._is_hidden:
            if data.strip():
                self._mark()
        else:
            self._write(data)

    def handle_comment(self, data: str) -> None:
        if self._block.text and data.strip():
            self._mark()

    def end_block(self) -> None:
        """Write the block that is open, if it holds anything."""
        if self._cells is not None:
            return
        if self._block.text:
            is_item = self._block.prefix == "- "
            follows_item = bool(self.lines) and self.lines[-1].startswith("- ")
            self.lines += [] if not self.lines or (is_item and follows_item) else [""]
            self.lines.append(self._block.prefix + self._block.text)
        self._block = _Block()

    @property
    def _is_hidden(self) -> bool:
        return bool(self._open) and self._open[-1].is_hidden

    @property
    def _is_silent(self) -> bool:
        return bool(self._open) and self._open[-1].is_silent

    @property
    def _ground(self) -> str:
        return self._open[-1].background if self._open else ""

    def _begin(self, tag: str) -> None:
        """Open a block of its own."""
        if self._cells is not None and tag not in ("tr", "table"):
            self._block.parts.append(" ")
            return
        self.end_block()
        if tag == "tr":
            self._cells = []
        elif tag == "li":
            self._block.prefix = "- "
        elif re.fullmatch(r"h[1-6]", tag):
            self._block.prefix = "#" * int(tag[1]) + " "

    def _write(self, data: str) -> None:
        if data.strip() or self._block.parts:
            self._block.parts.append(data)

    def _mark(self) -> None:
        if HIDDEN_MARK not in self._block.parts:
            self._block.parts.append(HIDDEN_MARK)

    def _matches_rule(self, tag: str, values: dict[str, str]) -> bool:
        marks = {f".{name}" for name in values.get("class", "").split()} | {f"#{values.get('id', '')}"}
        return any((not wanted or wanted == tag) and needed <= marks for wanted, needed in self.rules)

"""The one error a folder can cause, and how what a folder holds is shown to people.

Everything else that raises in loading is a defect of ours.
"""


class InputError(RuntimeError):
    """The night can't be loaded; the message says what was found, what was expected and what to do next."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


def printable(text: str) -> str:
    """Show control, direction and other invisible characters as escapes: names and values come from the folder."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign == "\n" else ascii(sign)[1:-1] for sign in text)

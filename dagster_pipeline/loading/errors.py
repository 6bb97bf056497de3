"""The one error a folder can cause: everything else that raises in loading is a defect of ours."""


class InputError(RuntimeError):
    """The night can't be loaded; the message says what was found, what was expected and what to do next."""

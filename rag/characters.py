"""Characters that a reader can't see.

Belongs here: the one list of them, which documents, passages and messages are searched with.
"""

import re

INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
"""Zero-width characters, direction controls, variation selectors and tags: what a reader can't see."""

"""Find Chromium, which prints the book and walks over its pages."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """Return where the browser is.

    Raises:
        FileNotFoundError: If there is none.
    """
    found = os.environ.get("CHROMIUM") or next(
        filter(None, map(shutil.which, NAMES)), None
    )
    if not found:
        raise FileNotFoundError(
            "browser: expected Chromium on the path, got none; install it "
            "(on Debian: apt-get install chromium), or name it in CHROMIUM"
        )
    return found

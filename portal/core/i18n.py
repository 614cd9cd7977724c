"""One way to mark a sentence for translation: lazily, so that models and forms may hold it."""

from flask_babel import lazy_gettext as _

LANGUAGES = {"en": "English", "te": "తెలుగు"}

__all__ = ["LANGUAGES", "_"]

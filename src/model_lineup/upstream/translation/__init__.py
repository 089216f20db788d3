"""From the wire format that a caller speaks to the one that a provider speaks, and back.

Enter at `between`. Same formats need no translation: bytes pass. Nothing is dropped in silence: a field without a
counterpart is refused by name (`UntranslatableError`), and hints that cannot change an answer are left out and told
(`Translated.left_out`). Pure; knows no sockets and no models.
"""

from model_lineup.upstream.translation import (
    from_anthropic,
    from_google,
    from_openai,
    to_anthropic,
    to_google,
    to_openai,
)
from model_lineup.upstream.translation.shapes import (
    Chain,
    JsonObject,
    StreamTranslator,
    Translated,
    Translation,
    UntranslatableError,
)

__all__ = ["StreamTranslator", "Translated", "Translation", "UntranslatableError", "between"]


class _ChatToMessages:
    def request(self, body: JsonObject, *, max_tokens: int | None) -> Translated:
        return to_anthropic.request(body, max_tokens=max_tokens)

    def answer(self, body: bytes, *, name: str, created: int) -> bytes:
        return from_anthropic.answer(body, name=name, created=created)

    def stream(self, *, name: str, created: int, usage: bool) -> StreamTranslator:
        return from_anthropic.Stream(name=name, created=created, usage=usage)


class _MessagesToChat:
    def request(self, body: JsonObject, *, max_tokens: int | None) -> Translated:
        return to_openai.request(body, max_tokens=max_tokens)

    def answer(self, body: bytes, *, name: str, created: int) -> bytes:
        return from_openai.answer(body, name=name, created=created)

    def stream(self, *, name: str, created: int, usage: bool) -> StreamTranslator:
        return from_openai.Stream(name=name, created=created, usage=usage)


class _ChatToGemini:
    def request(self, body: JsonObject, *, max_tokens: int | None) -> Translated:
        return to_google.request(body, max_tokens=max_tokens)

    def answer(self, body: bytes, *, name: str, created: int) -> bytes:
        return from_google.answer(body, name=name, created=created)

    def stream(self, *, name: str, created: int, usage: bool) -> StreamTranslator:
        return from_google.Stream(name=name, created=created, usage=usage)


_TRANSLATIONS: dict[tuple[str, str], Translation] = {
    ("openai", "anthropic"): _ChatToMessages(),
    ("anthropic", "openai"): _MessagesToChat(),
    ("openai", "google"): _ChatToGemini(),
    ("anthropic", "google"): Chain(_MessagesToChat(), _ChatToGemini()),
}


def between(caller: str, provider: str) -> Translation | None:
    """The translation from the caller's dialect to the provider's, by their names; None where there is none.

    Not to be asked for equal names: those need no translation.
    """
    return _TRANSLATIONS.get((caller, provider))

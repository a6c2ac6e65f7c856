"""Templates: filled with figures and the words of one language, styles and script inlined."""

from importlib import resources

from kbsearch import messages


class Wording:
    """The texts of one language, as the templates ask for them.

    Attributes:
        lang: The language.
    """

    def __init__(self, lang: messages.Language) -> None:
        self.lang = lang

    def text(self, key: str, **params: object) -> str:
        """A text of the report."""
        return messages.text(f"report.{key}", self.lang, params)

    def cli(self, key: str, params: dict[str, str] | None = None) -> str:
        """A text that the command line uses, too."""
        return messages.text(f"cli.{key}", self.lang, params)

    def name(self, dimension: str, value: str) -> str:
        """A slice's value in words, if it is one that we know; else as it is."""
        known = messages.catalogue(self.lang)
        return known.get(f"report.{dimension}_{value}", value) or self.text("no_value")

    def plot(self, name: str) -> tuple[str, str, str]:
        """A plot's description and the labels of its axes."""
        x, y = self.text(f"{name}_x"), self.text(f"{name}_y")
        return self.text(f"{name}_plot"), x, y


def fill(name: str, wording: Wording, **figures: object) -> str:
    """A template as HTML; it loads nothing from anywhere."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = lambda share: f"{share:.1%}"
    return environment.from_string(_read(name)).render(
        lang="zh-CN" if wording.lang == "zh" else "en",
        style=Markup(_read("report.css")),
        script=Markup(_read("report.js")),
        t=wording.text,
        cli=wording.cli,
        name=wording.name,
        **figures,
    )


def _read(name: str) -> str:
    source = resources.files("kbsearch").joinpath("evaluation", "report", name)
    return source.read_text(encoding="utf-8")

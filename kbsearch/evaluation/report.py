"""The report: one self-contained HTML file that tells a stranger whether the target is met."""

from importlib import resources

from kbsearch import messages
from kbsearch.evaluation.experiment import Evaluation
from kbsearch.evaluation.measures import MEASURES

TARGETS = (0.95, 0.98)


def render(evaluation: Evaluation, lang: messages.Language) -> str:
    """The report as HTML in the given language; it loads nothing from anywhere."""
    from jinja2 import Environment, StrictUndefined

    source = resources.files("kbsearch").joinpath("evaluation", "report.html")
    environment = Environment(autoescape=True, undefined=StrictUndefined)

    def translate(key: str, **params: object) -> str:
        return messages.text(f"report.{key}", lang, params)

    template = environment.from_string(source.read_text(encoding="utf-8"))
    return template.render(
        result=evaluation,
        lang="zh-CN" if lang == "zh" else "en",
        t=translate,
        cli=lambda key: messages.text(f"cli.{key}", lang),
        percent=lambda share: f"{share:.1%}",
        measures=MEASURES,
        targets=TARGETS,
    )

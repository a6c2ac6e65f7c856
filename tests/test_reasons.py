"""Reasons: what pydantic refuses is said in Chinese and in English."""

import re
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from kbsearch.errors import FilterError
from kbsearch.messages import text
from kbsearch.reasons import faults, first_reason, reason

HAN = re.compile(r"[\u4e00-\u9fff]")


class Colour(StrEnum):
    """An enum."""

    RED = "red"


class Form(BaseModel):
    """A field for each common type of fault."""

    model_config = ConfigDict(extra="forbid")

    whole: int = 0
    number: float = 0
    flag: bool = False
    name: Annotated[str, Field(min_length=1, max_length=3)] = "a"
    choice: Literal["a", "b"] = "a"
    colour: Colour = Colour.RED
    above: Annotated[int, Field(gt=0, lt=5)] = 1
    share: Annotated[float, Field(ge=0, le=1)] = 0
    several: Annotated[list[str], Field(min_length=1, max_length=2)] = ["a"]
    day: date = date(2026, 1, 1)
    time: datetime = datetime(2026, 1, 1)

    @model_validator(mode="after")
    def _checked(self) -> "Form":
        if self.name == "ab":
            raise FilterError("filter_empty", {"field": "kind"})
        if self.name == "abc":
            raise PydanticCustomError("nobody_knows", "English only")
        return self


def fault(json):
    """The first fault of a form given as JSON."""
    with pytest.raises(ValidationError) as caught:
        Form.model_validate_json(json)
    return faults(caught.value)[0]


def told(found, lang):
    """The reason as a problem tells it."""
    params = {"field": "", "value": "", "reason": reason(found)}
    return text("problem.query_wrong", lang, params)


@pytest.mark.parametrize(
    ("json", "kind", "part"),
    [
        ("{", "json_invalid", "JSON"),
        ("[]", "model_type", "对象"),
        ('{"x": 1}', "extra_forbidden", "没有这个字段"),
        ('{"whole": "x"}', "int_parsing", "整数"),
        ('{"whole": 1.5}', "int_from_float", "整数"),
        ('{"number": "x"}', "float_parsing", "数字"),
        ('{"flag": "x"}', "bool_parsing", "true"),
        ('{"name": 3}', "string_type", "文字"),
        ('{"name": ""}', "string_too_short", "至少要有 1"),
        ('{"name": "abcd"}', "string_too_long", "最多 3"),
        ('{"choice": "c"}', "literal_error", "'a', 'b'"),
        ('{"colour": "c"}', "enum", "'red'"),
        ('{"above": 0}', "greater_than", "大于 0"),
        ('{"above": 5}', "less_than", "小于 5"),
        ('{"share": -1}', "greater_than_equal", "小于 0"),
        ('{"share": 2}', "less_than_equal", "大于 1"),
        ('{"several": []}', "too_short", "至少要有 1 项，现有 0"),
        ('{"several": ["a", "b", "c"]}', "too_long", "最多 2 项，现有 3"),
        ('{"several": "a"}', "list_type", "列表"),
        ('{"day": "明天"}', "date_from_datetime_parsing", "日期"),
        ('{"time": "明天"}', "datetime_from_date_parsing", "时间"),
        ('{"name": "ab"}', "value_error", "筛选条件「kind」是空的"),
    ],
)
def test_common_faults_are_told_in_both_languages(json, kind, part):
    """Chinese says what counts, without an English sentence; English has no Chinese but texts."""
    found = fault(json)
    assert found["type"] == kind
    chinese = told(found, "zh")
    assert part in chinese
    assert not re.search(r"[Ii]nput|should|[Vv]alue error", chinese)
    assert not HAN.search(reason(found))
    assert reason(found) in told(found, "en")


def test_fault_that_nobody_translated_stays_english():
    """Better than nothing."""
    assert "English only" in told(fault('{"name": "abc"}'), "zh")


def test_first_reason_names_the_field():
    """As ``outer.inner``; the whole has no name."""
    for json, expected in (
        ('{"several": [3]}', "several.0：应是文字"),
        ("[]", "应是一个 JSON 对象"),
    ):
        with pytest.raises(ValidationError) as caught:
            Form.model_validate_json(json)
        assert first_reason(caught.value).text("zh") == expected

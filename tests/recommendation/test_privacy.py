"""Tests of masking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.recommendation.privacy import is_bank_card, is_identity_card, mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("打 13800138000 找我", "打 <phone> 找我"),
        ("138-0013-8000", "<phone>"),
        ("+86 138 0013 8000", "<phone>"),
        ("１３８００１３８０００", "<phone>"),
        ("座机 010-12345678。", "座机 <phone>。"),
        ("身份证11010519491231002X", "身份证<id_card>"),
        ("卡号 6222 0212 3456 7890 128", "卡号 <bank_card>"),
        ("写信 li.lei+1@mail.example.com 吧", "写信 <email> 吧"),
        ("我叫张伟，手表没电", "我叫<name>，手表没电"),
        ("我叫欧阳小明今年六十", "我叫<name>今年六十"),
        ("我是李女士，刚打过电话", "我是<name>，刚打过电话"),
        ("联系人：王小明 13800138000", "联系人：<name> <phone>"),
        ("姓名: 买买提·艾力", "姓名: <name>"),
        ("我姓邱，八十一了", "我姓<name>，八十一了"),
    ],
)
def test_personal_data_is_masked(text, masked):
    """Each kind in the forms in which people write it."""
    assert mask(text) == masked


@pytest.mark.parametrize(
    "address",
    ["江苏省南京市鼓楼区中山路12号3单元501室", "幸福小区5栋201", "人民大道88号", "西直门胡同甲3号"],
)
def test_address_is_masked(address):
    """From the province or from the street on, whatever is said around it."""
    masked = mask(f"上门地址，{address}，谢谢")
    assert "<address>" in masked
    assert address[-6:] not in masked


@pytest.mark.parametrize(
    "text",
    [
        "空调 E4 报警，清风 Q3，2026-11-22 买的",
        "订单号 123456789012",
        "身份证 110105194912310021",  # wrong check digit
        "充了 1000 元，编号 20261122",
        "我叫车了，司机没来",
        "我叫师傅上门，清风 Q3 不制冷",
        "我是金卡用户，姓名写错了怎么改",
        "联系人：清风客服",
        "我是老客户，马上要用",
        "户名和姓名不一样",
        "",
    ],
)
def test_other_text_stays(text):
    """Model names, dates, sums and order numbers are no personal data."""
    assert mask(text) == text


@pytest.mark.parametrize(
    ("number", "good"),
    [
        ("11010519491231002X", True),  # the example of GB 11643-1999
        ("110105194912310021", False),
        ("11010519491231002", False),
    ],
)
def test_identity_card_is_told_by_its_check_digit(number, good):
    """One wrong digit, or one too few, and it is none."""
    assert is_identity_card(number) is good


@pytest.mark.parametrize(
    ("number", "good"), [("4111111111111111", True), ("4111111111111112", False), ("41111", False)]
)
def test_bank_card_is_told_by_luhn(number, good):
    """4111 1111 1111 1111 is the payment industry's test number."""
    assert is_bank_card(number) is good


@given(st.text(), st.from_regex(r"1[3-9]\d{9}", fullmatch=True))
def test_mobile_number_never_stays(before, number):
    """Whatever stands before it, unless it is a digit or letter that makes it part of a word."""
    text = f"{before}，{number}。"
    assert number not in mask(text)


@given(st.text() | st.text("我叫是姓张伟李女士：联系人，1·"))
def test_masking_twice_is_masking_once(text):
    """Tags are not personal data themselves."""
    assert mask(mask(text)) == mask(text)

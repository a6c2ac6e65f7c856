"""HTML help-centre pages."""

import time

import pytest

from kbsearch.article import Kind, Relation
from kbsearch.loaders import html
from kbsearch.loaders.source import read_source

PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>帮助中心 - 手表不充电</title>
<meta name="kb:id" content="watch-not-charging">
<meta name="kb:kind" content="troubleshooting">
<meta name="kb:questions" content="放上底座没反应|充了一夜还是没电">
<meta name="kb:links" content="next_step:other | policy:other">
<meta name="kb:valid_from" content="2026-03-01">
<meta name="kb:tags" content="">
<meta name="viewport" content="width=device-width">
</head><body>
<header>澄屿帮助中心</header><nav><a href="/">首页</a></nav>
<main>
  <h1>手表  不充电怎么办</h1>
  <p>先看<b>底座</b>，<br>再看手表。<!-- 内部备注 --></p>
  <h2>步骤</h2>
  <ol><li>擦净触点</li><li>换一个充电头：<ul><li>5V 1A</li><li>5V 2A</li></ul></li></ol>
  <table><tr><th>灯</th><th>含义</th></tr><tr><td>红</td><td>充电中 | 未满</td></tr></table>
  <details><summary>还是不行？</summary>请看<a
  href="https://h.example/repair">维修说明</a>。</details>
  <figure><img src="https://h.example/a.png" alt="触点">
  <figcaption>底座上的<i>触点</i></figcaption></figure>
  <img src="data:image/png;base64,AAAA" alt="内嵌"><img src="/logo.png?v=2">
  <video title="演示"><source src="//v.example/v.mp4"></video>
  <script>alert("x")</script><style>p {}</style>
</main>
<footer>版权所有</footer></body></html>
"""

BODY = """先看底座，
再看手表。

## 步骤

1. 擦净触点
2. 换一个充电头：
   - 5V 1A
   - 5V 2A

| 灯 | 含义 |
| --- | --- |
| 红 | 充电中 \\| 未满 |

**还是不行？**

请看维修说明 <https://h.example/repair>。"""


def test_page_becomes_an_article(write, found, jsonl):
    """Metas, title, body, lists, tables, pictures and videos arrive, and nothing around them."""
    write("other.jsonl", jsonl({"id": "other"}))
    path = write("page.html", PAGE.replace("/logo.png", "logo%20a.png"))
    write("logo a.png", b"")
    source = read_source([path.parent])
    assert found(source) == []
    article = source.articles[1]
    assert (article.id, article.kind) == ("watch-not-charging", Kind.TROUBLESHOOTING)
    assert article.title == "手表 不充电怎么办"
    assert article.questions == ("放上底座没反应", "充了一夜还是没电")
    assert [(link.rel, link.id) for link in article.links] == [
        (Relation.NEXT_STEP, "other"),
        (Relation.POLICY, "other"),
    ]
    assert str(article.valid_from) == "2026-03-01"
    assert article.body == BODY
    assert [(a.type, a.url or a.path, a.caption) for a in article.attachments] == [
        ("image", "https://h.example/a.png", "底座上的触点"),
        ("image", "logo a.png", ""),
        ("video", "https://v.example/v.mp4", "演示"),
    ]


def test_bare_page_takes_name_kind_and_title_from_itself(read, found):
    """Without metas the id is the file's name, the kind faq, the title h1, else <title>."""
    article = read("how-to.htm", "<title>帮助</title><body><h1>怎么充电</h1>放上底座。").articles[0]
    assert (article.id, article.kind, article.title) == ("how-to", Kind.FAQ, "怎么充电")
    assert article.body == "放上底座。"
    article = read("b.html", "<title>怎么 充电</title><p>放上底座。</p>").articles[0]
    assert (article.title, article.body) == ("怎么 充电", "放上底座。")


def test_title_by_meta_leaves_another_heading_in_the_body(read):
    """kb:title wins; an h1 that says something else is text."""
    page = '<meta name="kb:title" content="甲"><body><h1>{}</h1><p>正文</p>'
    assert read("a.html", page.format("甲")).articles[0].body == "正文"
    assert read("a.html", page.format("乙")).articles[0].body == "# 乙\n\n正文"


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("gb18030", "gb18030"),
        ("GBK", "gbk"),
        ("gb2312", "gb2312"),
        ("big5", "big5"),
        ("UTF-8", "utf-8"),
    ],
)
def test_declared_encodings_are_accepted(read, found, charset, encoding):
    """A page in the encoding that it declares is read without a problem."""
    page = f'<html><head><meta charset="{charset}"><title>充電</title></head><body>正文</body>'
    if encoding == "gb2312":
        page = page.replace("電", "电")
    source = read("a.html", page.encode(encoding))
    assert found(source) == []
    assert source.articles[0].body == "正文"


def test_encoding_problems_are_named(read, found):
    """An unknown charset, a wrong one, and none where the page is not UTF-8, are errors."""
    declared = '<meta http-equiv="Content-Type" content="text/html; charset={}"><p>标题'
    assert found(read("a.html", declared.format("koi8-r"))) == [(None, "unknown_charset", "")]
    wrong = read("a.html", "<p>\n标题".encode("gb18030"))
    assert found(wrong) == [(2, "wrong_encoding_gb18030", "")]
    claimed = read("a.html", declared.format("utf-8").encode("gb18030"))
    assert found(claimed) == [(1, "wrong_encoding_gb18030", "")]


def test_faults_of_a_page_are_all_reported(read, found):
    """Bad metas, unknown fields, a field twice, no title and a missing picture: one run."""
    page = (
        '<meta name="kb:kind" content="qa"><meta name="kb:colour" content="red">'
        '<meta name="kb:tags" content="a"><meta name="kb:tags" content="b">'
        '<body><img src="nowhere.png"><img src="/root.png">'
    )
    source = read("坏.html", page)
    assert found(source) == [
        (None, "duplicate_meta", "tags"),
        (None, "bad_id", "id"),
        (None, "bad_enum", "kind"),
        (None, "missing_field", "title"),
        (None, "unknown_field", "colour"),
        (None, "attachment_missing", "attachments[0].path"),
        (None, "attachment_not_relative", "attachments[1].path"),
        (None, "empty_body", "body"),
    ]


def test_base_address_completes_relative_ones(read, found):
    """Where the page names its base, pictures get full addresses."""
    page = '<head><base href="https://h.example/d/"></head><title>t</title><body>x<img src="a.png">'
    source = read("a.html", page)
    assert source.articles[0].attachments[0].url == "https://h.example/d/a.png"


def test_surroundings_are_left_out_only_where_no_main_part_is_marked(read):
    """A header within `article` is text; around an unmarked body it is not."""
    marked = "<title>t</title><body><article><header>甲</header>乙</article>丙"
    assert read("a.html", marked).articles[0].body == "甲\n\n乙"
    unmarked = "<title>t</title><body><header>甲</header>乙<aside>丙</aside>"
    assert read("a.html", unmarked).articles[0].body == "乙"


@pytest.mark.parametrize("content", ["", "no tags at all", "https://h.example/", "a.txt"])
def test_what_is_no_page(read, found, content):
    """Text without a single tag is no page."""
    assert found(read("a.html", content)) == [(None, "html_unreadable", "")]


def test_too_large_page_is_refused(read, found, monkeypatch):
    """A page beyond the limit is named; embedded data do not count."""
    monkeypatch.setattr(html, "_MAX_CHARACTERS", 200)
    page = '<title>t</title><body>{}<img src="data:image/png;base64,{}">'
    assert found(read("a.html", page.format("字", "A" * 1000))) == []
    assert found(read("a.html", page.format("字" * 200, ""))) == [(None, "html_too_large", "")]


def test_xml_declaration_is_accepted(read, found):
    """Pages saved as XHTML are pages."""
    page = '<?xml version="1.0" encoding="utf-8"?><html><title>t</title><body>正文</body></html>'
    assert found(read("a.html", page)) == []


@pytest.mark.parametrize(
    "piece", ["<!--", "<a ", "<![CDATA[", "</", "<a b='", "<div>", "<ul><li>", "<textarea>x", "<b"]
)
def test_malformed_markup_takes_no_time(read, piece):
    """200 KB of tags that never end take seconds, where the parser alone takes minutes or hours."""
    begin = time.monotonic()
    read("a.html", piece * (200_000 // len(piece)))
    assert time.monotonic() - begin < 20


def test_text_that_looks_like_an_open_tag_stays_text(read):
    """A `<` that no `>` ends is kept as written."""
    assert read("a.html", "<title>t</title><body>温度 < 5 度").articles[0].body == "温度 < 5 度"


def test_long_tags_stay_tags(read):
    """A tag of any length that is closed is no text, as with data kept in an attribute."""
    page = f"<title>t</title><body><div data-page='{'{1 < 2}' * 20_000}'>正文</div>"
    assert read("a.html", page).articles[0].body == "正文"


def test_empty_metas_count_as_not_given(read, found):
    """A meta without content leaves its field to the page."""
    metas = "".join(f'<meta name="kb:{name}" content="">' for name in ("id", "kind", "title"))
    source = read("stem.html", f"{metas}<title>标题</title><body>正文")
    assert found(source) == []
    assert (source.articles[0].id, source.articles[0].title) == ("stem", "标题")

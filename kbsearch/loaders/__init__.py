"""Files to articles.

Takes files and folders as editors keep them: Markdown with front matter, JSONL, CSV, XLSX, HTML
help-centre pages. Gives valid `Article`s, each with the place where it was read, and every
`Problem` of every file in one run (`source`); also an empty table for editors to fill in
(`tabular.write_template`). A reader (`markdown`, `jsonl`, `tabular`, `html`) only turns its format
into `draft.Draft`s; what an article must be is decided once, in `validation`, for all of them.

It knows nothing of analysis, indexes or search, opens no network connection, executes nothing that
a file contains, and never raises for bad content: that is a `Problem`.
"""

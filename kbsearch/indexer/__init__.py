"""Articles to a published snapshot.

Takes files, folders or articles, and the index as it was; gives a new snapshot in which what
changed is analysed and encoded and the rest is taken over. `builder` builds and updates, `source`
reads and checks what is given, `plan` finds the difference by content hash, `content` turns
articles into the parts of an index.

It knows nothing of queries.
"""

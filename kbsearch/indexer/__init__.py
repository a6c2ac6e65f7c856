"""Articles to a published snapshot.

Takes files, folders or articles, and the index as it was; gives a new snapshot in which what
changed is analysed and encoded and the rest is taken over. `builder` builds and updates, `given`
reads and checks what it is given, `plan` finds the difference by content hash, `content` turns
articles into the parts of an index, `workers` many articles in several processes, `new_content`
decides what becomes a new segment, `adapting` whether the encoder learns anew, `opening` finds the
analyzer and encoder of a snapshot.

It knows nothing of queries.
"""

"""proto"""
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import re
import numpy as np
from kbsearch.analysis.filters import normalize
from kbsearch.article import Kind
from kbsearch.recommendation.conversation import Conversation
from kbsearch.recommendation.graph import graph_of
from kbsearch.recommendation.scoring import Evidence
from kbsearch.recommendation.slots import Slot, RecommendedArticle
from kbsearch.retrieval.response import Decision

class Recommendation: pass
def recommend(*a,**k): raise NotImplementedError

def proto(searcher, lexicon, *, text=None, conversation=None, article_id=None, customer):
    graph=graph_of(searcher); index=searcher.index; ev=Evidence()
    al=searcher.allowed(None, customer.filters()).copy()
    emotion=None; spoken=""
    ctx=()
    skip=set()
    if conversation is not None:
        c=Conversation(conversation,vectors=searcher.encoder.encode)
        p=c.problem; text=p.text; ctx=p.earlier
        emotion=lexicon.emotion(c.customer); spoken=" ".join(c.customer)
    elif text is not None:
        emotion=lexicon.emotion([text]); spoken=text
    owned=set(customer.products)
    sp=re.sub(r"\s","",spoken).casefold()
    for pr in index.facets.known("products"):
        if re.sub(r"\s","",pr).casefold() in sp: owned.add(pr)
    hits=[]
    if article_id is not None:
        row=index.store.row(article_id); anchors={row:1.0}; ts=1.0; res=None; skip.add(row)
        vector=index.vectors.vectors.matrix[index.vectors.vectors.offsets[row]]
        top=1.0
    else:
        (res,)=searcher.search([text],top_k=10,allowed=al,context=ctx,explain=False)
        hits=res.hits
        anchors={index.store.row(h.article_id):h.confidence for h in hits[:6] if h.kind!=Kind.SCRIPT}
        ts=sum(anchors.values()) or 1
        top=max([h.confidence for h in hits],default=0)
        vs=searcher.encoder.encode([normalize(text),normalize(" ".join(ctx))])
        v=vs[0]+0.7*vs[1]; n=float(np.linalg.norm(v)); vector=(v/n if n else v).astype(np.float32)
    kinds=np.array([c.kind.value for c in graph.cards])
    for a,w in anchors.items():
        for st in graph.steps(a):
            if st.row!=a and st.row not in skip and al[st.row]:
                ev.add(st.slot,st.row,"link" if st.relation else "inferred",w*st.weight,via=graph.cards[st.via].id,relation=st.relation)
                ev.add(st.slot,st.row,"rlink" if st.relation else "rinf",min(1,w/max(ts,.3))*st.weight,via=graph.cards[st.via].id,relation=st.relation)
    for k,sl in ((Kind.POLICY,Slot.POLICY),(Kind.SCRIPT,Slot.SCRIPT)):
        for r in index.vectors.nearest(vector,20,al&(kinds==k.value)).tolist():
            if r not in skip: ev.add(sl,r,"near",0.0)
    for rank,h in enumerate(hits):
        r=index.store.row(h.article_id)
        if h.kind==Kind.SCRIPT: ev.add(Slot.SCRIPT,r,"search",h.confidence)
        else:
            ev.add(Slot.SOLUTION,r,"search",h.confidence)
            if rank==0: ev.add(Slot.SOLUTION,r,"top",1.0)
            if h.kind==Kind.POLICY: ev.add(Slot.POLICY,r,"search",h.confidence)
            else: ev.add(Slot.NEXT_STEP,r,"search",h.confidence)
            ev.add(Slot.RELATED,r,"search",h.confidence)
    rows=np.array(sorted({r for _,r in ev.found}),np.int64)
    out=[]
    if len(rows):
        sims=index.vectors.similarities(vector,rows)
        z=np.zeros_like(vector)
        if conversation is not None:
            cu=[t["text"] for t in conversation if t["role"]=="customer"]; ag=[t["text"] for t in conversation if t["role"]=="agent"]
            lv=searcher.encoder.encode([normalize(cu[-1]),normalize(" ".join(ag[-2:]))])
        elif text: lv=searcher.encoder.encode([normalize(text),""])
        else: lv=[z,z]
        sl_=index.vectors.similarities(np.asarray(lv[0],np.float32),rows); sa_=index.vectors.similarities(np.asarray(lv[1],np.float32),rows)
        hs={index.store.row(h.article_id):h for h in hits}; s0=hits[0].score if hits else 0
        hr={index.store.row(h.article_id):k for k,h in enumerate(hits)}
        pos={r:i for i,r in enumerate(rows.tolist())}
        for (s,r),f in ev.found.items():
            x=dict(f.values); x["question"]=float(sims.question[pos[r]]); x["body"]=float(sims.body[pos[r]])
            c=graph.cards[r]
            x["last"]=float(sl_.question[pos[r]]); x["lastb"]=float(sl_.body[pos[r]]); x["agent"]=float(sa_.question[pos[r]]); x["agentb"]=float(sa_.body[pos[r]])
            x["score"]=hs[r].score if r in hs else 0.0; x["behind"]=hs[r].score-s0 if r in hs else -.3; x["rr"]=1/(1+hr[r]) if r in hr else 0.0
            x["nsearch"]=x.get("search",0)/max(ts,.3)
            x["product"]=1.0 if c.products&owned else 0.0
            x["other_product"]=1.0 if c.products and owned and not c.products&owned else 0.0
            x["sure"]=top
            x["is_article"]=float(article_id is not None)
            x["is_anchor"]=anchors.get(r,0.0)
            x["raised"]=float(bool(emotion and emotion.is_raised))
            x["guide"]=float(c.kind==Kind.GUIDE); x["policy"]=float(c.kind==Kind.POLICY); x["faq"]=float(c.kind==Kind.FAQ)
            out.append((s,r,c.id,x))
    return out,emotion,hits

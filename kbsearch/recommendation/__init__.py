"""Next best articles for an agent.

Takes a problem, a conversation or the article being read, and what is known of the customer; gives
slots in the order of acting: solution, next step, policy, script, related. `conversation` finds the
problem, `customer` says who asks, `recommender` fills the slots from search and from the links
between articles.

It does not score text itself: search is below it.
"""

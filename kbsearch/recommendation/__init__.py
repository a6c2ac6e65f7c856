"""Next best articles for an agent.

Takes a problem, a conversation or the article being read, and what is known of the customer; gives
slots in the order of acting: solution, next step, policy, script, related. `conversation` finds the
problem that is open, `emotion` hears how the customer sounds, `customer` says who asks. `graph`
knows where links lead, `wording` what is near a text, `push` what suits a customer who has asked
nothing, `events` what agents did before, without the personal data that `privacy` masks. `desk`
gathers it all, `scoring` makes probabilities and reasons of it, and `recommender` fills `slots`
with the best.

It does not rank text itself: search is below it.
"""

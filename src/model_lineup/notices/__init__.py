"""What administrators ought to hear of without asking: a model that is gone, retiring or failing, a credential that
fails.

Enter at `store.tell` and `store.over`, inside the transaction on the activity tables in which the fact becomes known,
or at `notices.Notices`. A notice is made once for each state of its subject: told again, nothing happens; once it is
over, it can be told anew. Who is sent it, and how, others know (`webhooks`).
"""

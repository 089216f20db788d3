"""Changes that are staged for a moment to come, and carried out then: once, or not at all and said so.

Enter at `staging.Staging`. `operations` knows which changes can be staged and runs each by the operation that an
administrator would use; `carrying` does it when the time has come; `routing.coming` tells callers until then.
"""

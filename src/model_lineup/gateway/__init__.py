"""The user surface, `/v1`: OpenAI's and Anthropic's APIs over the models that an administrator made available.

Enter at `face.Gateway`; a chat is read from `chat.py` downwards. Raw ASGI, because this is the hot path: names resolve
in memory, bytes pass as they are where both sides speak one format. It decides nothing about names or visibility
(`routing` does) and opens no sockets (`upstream` does).
"""

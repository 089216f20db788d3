"""The looks of the page, light and dark, on screen and on paper."""

STYLE = """
:root{--ink:#1b1f24;--dim:#59636e;--paper:#fff;--rule:#d8dee4;--a:#0b62c4;--b:#b4500a;--c:#1a7f4b;--warn:#8a4b00}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9aa4af;--paper:#0d1117;--rule:#30363d;--a:#62a8ff;
--b:#ffa35c;--c:#56d392;--warn:#ffc078}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:70rem;margin:2rem auto;
padding:0 1rem;overflow-wrap:anywhere}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}.dim,small{color:var(--dim)}small{display:block}
.warn{color:var(--warn);font-weight:600}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .6rem;border-bottom:1px solid var(--rule);text-align:right;vertical-align:top;font-weight:400}
td,thead th,small{overflow-wrap:normal}th:first-child{text-align:left}
@media (max-width:44rem){table{display:block;overflow-x:auto}td,small{white-space:nowrap}tbody th{min-width:8rem}}
@media (max-width:44rem){dl{grid-template-columns:1fr 1fr}th,td{padding:.3rem .4rem}}
thead th{color:var(--dim)}
dl{display:grid;grid-template-columns:minmax(10rem,max-content) 1fr;gap:.1rem 1rem}dt{color:var(--dim)}dd{margin:0}
figure{margin:1.5rem 0}figcaption{font-weight:600}svg{width:100%;max-width:48rem;height:auto;display:block}
svg text{font:11px system-ui,sans-serif;fill:var(--dim)}.middle{text-anchor:middle}.end{text-anchor:end}
.grid{stroke:var(--rule)}.one{stroke:var(--dim);stroke-dasharray:3}.span{stroke:var(--a);stroke-width:3}
.line{fill:none;stroke-width:2}.line.c0{stroke:var(--a)}.line.c1{stroke:var(--b)}.line.c2{stroke:var(--c)}
.dot.c0{fill:var(--a)}.dot.c1{fill:var(--b)}.dot.c2{fill:var(--c)}
.key{font-weight:400;margin-left:1rem}.key::before{content:"";display:inline-block;width:.7em;height:.7em;
margin-right:.3em;background:currentColor}.key.c0{color:var(--a)}.key.c1{color:var(--b)}.key.c2{color:var(--c)}
"""

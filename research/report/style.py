"""The report's style sheet: system fonts, two colour schemes, one column on a phone."""

STYLE = """
:root{--bg:#f6f6f3;--card:#fff;--ink:#16191d;--soft:#626a75;--line:#e4e4de;--own:#2253d4;--hold:#9aa1ab;
--up:#0b7d55;--down:#c2352a;--wait:#95600a;--tint:#2253d410}
@media (prefers-color-scheme:dark){:root{--bg:#0d1014;--card:#15191f;--ink:#e7eaee;--soft:#8f98a4;
--line:#272d36;
--own:#79a5ff;--hold:#69727e;--up:#45c493;--down:#f47c72;--wait:#e0ac56;--tint:#79a5ff14}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",sans-serif;-webkit-text-size-adjust:100%}
main{max-width:1120px;margin:0 auto;padding:2.2rem 1.2rem 4rem}
header{margin-bottom:1.6rem}
h1{font-size:1.9rem;line-height:1.2;letter-spacing:-.02em;margin:.1rem 0 .7rem;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:0 0 .6rem;letter-spacing:-.005em}
h3{font-size:.9rem;margin:1rem 0 .4rem}
.meta,.note,small,.read,.legend{color:var(--soft);font-size:.82rem}
.meta,.note{margin:0;overflow-wrap:anywhere}
.note{margin:-.35rem 0 .8rem;max-width:46rem}
.verdict{margin:0;max-width:50rem;font-size:1.02rem}
.said{margin:.7rem 0 0;max-width:60rem}
.badge{display:inline-block;padding:.1rem .6rem;border-radius:1rem;font-size:.8rem;font-weight:600;
margin-right:.35rem;color:var(--tone);background:color-mix(in srgb,var(--tone) 14%,transparent)}
.badge.good{--tone:var(--up)}.badge.bad{--tone:var(--down)}.badge.open{--tone:var(--wait)}
section,.tiles{background:var(--card);border:1px solid var(--line);border-radius:12px}
section{padding:1.1rem 1.2rem 1.2rem;margin:0 0 1rem;min-width:0}
.tiles{display:grid;grid-template-columns:repeat(6,1fr);gap:1px;background:var(--line);overflow:hidden;
margin:0 0 1rem}
.tiles>div{background:var(--card);padding:.85rem 1rem .8rem;min-width:0}
.tiles dt{color:var(--soft);font-size:.78rem}
.tiles dd{margin:.05rem 0 .1rem;font-size:1.32rem;font-weight:620;letter-spacing:-.02em;white-space:nowrap}
.tiles small{display:block;font-size:.74rem;line-height:1.35}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:0 1rem;align-items:stretch}
.up{color:var(--up)}.down{color:var(--down)}
.scroll{overflow-x:auto;margin:0 -.2rem}
table{border-collapse:collapse;width:100%;font-size:.86rem}
th,td,.tiles dd{font-variant-numeric:tabular-nums}
th,td{padding:.36rem .45rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}
th:first-child{text-align:left;padding-left:.2rem}
tbody th{font-weight:400}
td[colspan]{text-align:center}
thead th{color:var(--soft);font-weight:500;font-size:.78rem;vertical-align:bottom}
tbody tr:last-child>*{border-bottom:0}
.halves{display:grid;grid-template-columns:1fr 1fr;gap:0 2.4rem}
.figures+.figures tbody tr:nth-last-child(-n+3)>*{background:var(--tint)}
.figures tbody th{white-space:normal}
.tall{max-height:30rem;overflow:auto}
.tall thead th{position:sticky;top:0;background:var(--card);cursor:pointer}
.trades td,.trades th{text-align:right}
.trades td:nth-child(2),.trades td:nth-child(6){text-align:left}
.months td{padding:2px;border:0;min-width:3.5rem}
.months th{border:0}
.heat{display:block;padding:.3rem .35rem;border-radius:5px;color:var(--ink)}
.heat.up{background:color-mix(in srgb,var(--up) var(--heat),transparent)}
.heat.down{background:color-mix(in srgb,var(--down) var(--heat),transparent)}
.heat.total{font-weight:620}
figure{margin:0}
figure+figure{margin-top:1.6rem}
.legend{margin:0 0 .5rem;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem}
.key{display:inline-block;width:1rem;height:3px;border-radius:2px;margin-right:.4rem;vertical-align:middle}
.key.equity{background:var(--own)}.key.hold{background:var(--hold)}
.key.fall{background:var(--down);height:8px;opacity:.45}
.plot{position:relative;margin:0 4.2rem 1.7rem 0}
.plot.high{height:300px}.plot.low{height:90px;margin-top:.6rem}.plot.middle{height:230px;margin-right:2.6rem}
.curves .plot.high{margin-bottom:0}
svg{position:absolute;inset:0;width:100%;height:100%;overflow:visible}
path{fill:none;vector-effect:non-scaling-stroke}
.grid{stroke:var(--line);stroke-width:1}
.equity{stroke:var(--own);stroke-width:1.8;stroke-linejoin:round}
path.sharpe{stroke:var(--own);stroke-width:1.4}
path.zero{stroke:var(--soft);stroke-width:1;stroke-dasharray:4 4}
.plot.mid{height:170px;margin-top:1.1rem}.sub{margin:.9rem 0 .1rem;font-size:.78rem;color:var(--soft)}
path.hold{stroke:var(--hold);stroke-width:1.3;stroke-linejoin:round}
path.fall{fill:color-mix(in srgb,var(--down) 28%,transparent);stroke:var(--down);stroke-width:1}
.bar.up{fill:var(--up);stroke:none}.bar.down{fill:var(--down);stroke:none}
.shade{fill:var(--tint);stroke:none}
.wick{stroke-width:1}.body{stroke-width:3}
.wick,.body{opacity:.75}
path.up{stroke:var(--up)}path.down{stroke:var(--down)}
.trip{stroke-width:1.2;stroke-dasharray:3 3}
.dot{stroke-width:6.5;stroke-linecap:round}.dot.small{stroke-width:3.5}
.trip.won,.dot.won{stroke:var(--up)}.trip.lost,.dot.lost{stroke:var(--down)}
.dot.entry{stroke:var(--own)}
.plot .x,.plot .y{position:absolute;font-size:.72rem;color:var(--soft);white-space:nowrap;
font-variant-numeric:tabular-nums;line-height:1}
.plot .x{top:100%;margin-top:.5rem;transform:translateX(-50%)}
.plot .y{left:100%;margin-left:.5rem;transform:translateY(-50%)}
.plot.pickable{cursor:crosshair;touch-action:pan-y}
.pick{position:absolute;top:0;bottom:0;background:var(--own);opacity:0;pointer-events:none}
.cross{position:absolute;top:0;bottom:0;width:1px;background:var(--soft);opacity:0;pointer-events:none}
.read{margin:.2rem 0 0;min-height:1.3em;font-variant-numeric:tabular-nums}
.controls{display:none;gap:.5rem 1.2rem;flex-wrap:wrap;align-items:center;font-size:.8rem;color:var(--soft)}
.live .controls{display:flex}
.controls label{display:flex;align-items:center;gap:.5rem;flex:1 1 200px}
.controls span{display:flex;gap:.3rem}
input[type=range]{flex:1;min-width:90px;accent-color:var(--own)}
button{margin:0;font:inherit;color:inherit;background:none;border:1px solid var(--line);border-radius:7px;
padding:.25rem .6rem;
cursor:pointer}
button:hover{color:var(--ink);border-color:var(--soft)}
.vetoes,.lines{list-style:none;margin:0;padding:0}
.vetoes li{margin-bottom:.7rem}
.vetoes div{display:flex;justify-content:space-between;font-size:.88rem;font-variant-numeric:tabular-nums}
.vetoes b{font-weight:500;overflow-wrap:anywhere}
.vetoes i{display:block;height:5px;border-radius:3px;background:var(--own);opacity:.65;margin:.15rem 0}
.lines li{font-size:.86rem;padding:.3rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
.lines li:last-child{border:0}
section dl,.said{display:grid;grid-template-columns:minmax(6rem,max-content) 1fr;gap:.3rem 1.2rem;margin:0;
font-size:.86rem}
section dt{color:var(--soft);overflow-wrap:anywhere}
section dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
pre{margin:0;padding:.7rem .9rem;background:var(--bg);border-radius:8px;font-size:.8rem;white-space:pre-wrap;
overflow-wrap:anywhere}
details{margin-top:.8rem;font-size:.82rem;color:var(--soft)}
summary{cursor:pointer}
@media (max-width:900px){.tiles{grid-template-columns:repeat(3,1fr)}
.pair,.halves{grid-template-columns:minmax(0,1fr)}}
@media (max-width:560px){main{padding:1.2rem .7rem 3rem}h1{font-size:1.5rem}section{padding:.9rem .8rem}
.tiles{grid-template-columns:1fr 1fr}.plot.high{height:240px}.plot{margin-right:3.6rem}
.curves .x:nth-of-type(even){display:none}section dl{grid-template-columns:minmax(0,1fr);gap:0}
section dd{margin-bottom:.5rem}}
@media print{.controls{display:none!important}section{break-inside:avoid}}
"""

"""The HTML report's frame: one page, its own style, light and dark, no script and nothing to fetch."""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Soak: {verdict}</title>
<style>
:root {{ color-scheme: light dark; --ink: #1c2430; --soft: #5c6675; --line: #dfe3e8; --paper: #ffffff;
  --good: #15803d; --bad: #b91c1c; --warn: #a16207; --fault: #f59e0b33; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e6e9ee; --soft: #98a2b3; --line: #303846; --paper: #12161d;
    --good: #4ade80; --bad: #f87171; --warn: #facc15; --fault: #f59e0b3d; }}
}}
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; max-width: 1080px; padding: 28px 20px 60px; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }}
h1 {{ font-size: 26px; margin: 0; }}
h2 {{ font-size: 18px; margin: 36px 0 10px; }}
h1 .passed, .pass {{ color: var(--good); }}
h1 .failed, .fail {{ color: var(--bad); font-weight: 700; }}
.not-judged {{ color: var(--warn); }}
p {{ margin: 4px 0 0; color: var(--soft); }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; vertical-align: top; padding: 6px 12px 6px 0;
  border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }}
thead th {{ color: var(--soft); font-weight: 600; }}
thead th {{ white-space: nowrap; overflow-wrap: normal; }}
.judged td:nth-child(1), .judged td:nth-child(2) {{ white-space: nowrap; overflow-wrap: normal; }}
.judged td:nth-child(3) {{ color: var(--soft); min-width: 200px; }}
.judged td:nth-child(5) {{ min-width: 130px; }}
.pairs th {{ font-weight: 500; color: var(--soft); width: 42%; }}
.wide {{ overflow-x: auto; }}
.columns {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); gap: 0 36px; }}
figure {{ margin: 18px 0 0; }}
figcaption {{ margin-bottom: 4px; }}
figcaption small {{ color: var(--soft); margin-left: 6px; }}
svg {{ display: block; width: 100%; height: auto; }}
svg text {{ fill: var(--soft); font-size: 11px; font-family: inherit; }}
polyline {{ fill: none; stroke-width: 1.6; stroke-linejoin: round; }}
.grid {{ stroke: var(--line); stroke-width: 1; }}
rect.fault {{ fill: var(--fault); }}
rect.fault.row {{ fill: #f59e0b; }}
svg text.name {{ fill: #1c2430; font-size: 10px; }}
rect.live, i.live {{ fill: #16a34a; background: #16a34a; }}
rect.cached, i.cached {{ fill: #3b82f6; background: #3b82f6; }}
rect.simulated, i.simulated {{ fill: #dc2626; background: #dc2626; }}
i.fault {{ background: #f59e0b; }}
.key {{ margin-left: 16px; color: var(--soft); font-size: 13px; white-space: nowrap; }}
.key i {{ display: inline-block; width: 20px; border-top: 3px solid; margin-right: 6px;
  vertical-align: middle; }}
.key i.live, .key i.cached, .key i.simulated, .key i.fault {{ border: 0; height: 10px; }}
</style>
</head>
<body>
<h1>Soak <span class="{verdict}">{verdict}</span></h1>
<p>{headline}</p>

<h2>Judgements</h2>
<div class="wide"><table class="judged">
<thead><tr><th>verdict</th><th>what</th><th>question</th><th>measured</th><th>limit</th></tr></thead>
<tbody>{judgements}</tbody>
</table></div>

<h2>Over time</h2>
<p>Shaded: a fault was injected; its name or number is in the first row.
<span class="key"><i class="live"></i>live</span><span class="key"><i class="cached"></i>cached</span>
<span class="key"><i class="simulated"></i>simulated</span>
<span class="key"><i class="fault"></i>fault</span></p>
{plots}

<h2>Faults</h2>
<div class="wide"><table>
<thead><tr><th>no.</th><th>at</th><th>lasted</th><th>fault</th><th>what the venue did</th></tr></thead>
<tbody>{phases}</tbody>
</table></div>

<div class="columns">
<div><h2>Figures</h2><table class="pairs"><tbody>{figures}</tbody></table></div>
<div><h2>Account</h2><table class="pairs"><tbody>{account}</tbody></table></div>
</div>
<h2>Configuration</h2>
<table class="pairs"><tbody>{config}</tbody></table>
</body>
</html>
"""

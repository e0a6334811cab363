// All agents side by side: state, equity, today's profit, what is held, the last decision, what is amiss.

import { html } from "../vendor/preact.js";
import { Badge, Card, Dot, Empty, Ooda, Share, Signed, Since, Tiles, useLive, Waiting } from "../components.js";
import { amount, count, number, plain } from "../format.js";
import { to } from "../router.js";
import { mood, tone } from "../mood.js";

export default function Overview({ rows }) {
  if (rows === null) return html`<${Waiting} />`;
  if (rows.length === 0) return html`<div class="card"><${Empty} title="No agent has left a journal in this home yet."
    command="agent run --mode paper">Start one on paper; it appears here by itself.<//></div>`;
  const running = rows.filter((row) => row.running).length;
  const amiss = rows.reduce((sum, row) => sum + row.alarms.filter((alarm) => alarm.kind !== "simulated").length, 0);
  return html`<p class="soft">${count(rows.length)} ${rows.length === 1 ? "agent" : "agents"}, ${running} running${amiss ? `, ${amiss} ${amiss === 1 ? "alarm" : "alarms"}` : ""}</p>
    <div class="grid" style=${{ "--least": "25rem" }}>${rows.map((row) => html`<${AgentCard} key=${row.agent} row=${row} />`)}</div>`;
}

function AgentCard({ row }) {
  const now = useLive(row);
  const address = `/agents/${encodeURIComponent(row.agent)}`;
  const digits = 2;
  return html`<section class=${"card agent-card " + tone(row)} aria-labelledby=${"agent-" + row.agent} data-agent=${row.agent} data-mood=${mood(row)}>
    <header>
      <${Dot} kind=${tone(row)} hollow=${!row.running} />
      <h2 id=${"agent-" + row.agent}><a href=${address}>${row.agent}</a></h2>
      <${Badge} kind=${tone(row)}>${mood(row)}<//>
      <span class="space"></span>
      <span class="soft small">${[row.mode, row.symbols.join(", "), row.timeframe].filter(Boolean).join(" \u00b7 ")}</span>
    </header>
    <div class="body stack">
      <${Alarms} alarms=${row.alarms} />
      <dl class="figures-row">
        <div><dt>equity${row.quote ? `, ${row.quote}` : ""}</dt><dd class="figure">${amount(row.equity, { places: digits })}</dd></div>
        <div><dt>today</dt><dd><${Signed} value=${row.profit_today} places=${digits} /></dd></div>
        <div><dt>in all</dt><dd><${Signed} value=${row.profit} places=${digits} /></dd></div>
      </dl>
      <div class="acts"><${Ooda} ...${now} /><span class="soft small figure">cycle ${count(now.cycle)}${row.at && html`, <${Since} at=${row.at} /> ago`}</span></div>
      <${Held} positions=${row.positions} />
      <${Decided} row=${row} />
    </div>
  </section>`;
}

const Alarms = ({ alarms }) => alarms.length > 0 && html`<ul class="acts">
  ${alarms.map((alarm) => html`<li key=${alarm.kind + alarm.text}><${Badge} kind=${alarm.kind === "simulated" ? "wait" : "bad"} title=${alarm.text}>${alarm.kind.replace("_", " ")}<//></li>`)}</ul>`;

const Held = ({ positions }) => positions.length === 0
  ? html`<p class="soft small">Nothing held.</p>`
  : html`<ul class="lines">${positions.map((held) => html`<li key=${held.symbol}>
      <span class="strong">${held.symbol}</span><span class="figure soft">${amount(held.quantity)} at ${amount(held.entry)}</span>
      <span class="space"></span><${Signed} value=${held.unrealised} places=${2} />
      <${Share} value=${number(held.price) / number(held.entry) - 1} /></li>`)}</ul>`;

const Decided = ({ row }) => row.decisions.length === 0
  ? html`<p class="soft small">${row.cycle ? "No decision in the last cycle." : "No cycle yet."}</p>`
  : html`<ul class="lines">${row.decisions.map((each) => html`<li key=${each.symbol}>
      <a href=${to("/decisions", { agent: row.agent, cycle: each.cycle })} class="strong" title="why">${each.action}</a>
      <span>${each.symbol}</span><span class="soft figure">${plain(each.confidence, 2)}</span>
      <${Verdict} verdict=${each.verdict} /><span class="soft rest" title=${each.reason}>${each.reason}</span></li>`)}</ul>`;

/** A verdict in a badge: approved, the rule that denied, or nothing to judge. */
export const Verdict = ({ verdict }) => verdict === null
  ? html`<span class="soft small">not judged</span>`
  : html`<${Badge} kind=${verdict === "approved" ? "good" : "bad"}>${verdict === "approved" ? "approved" : `denied: ${verdict.replace(/_/g, " ")}`}<//>`;

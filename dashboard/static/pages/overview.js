// All agents side by side: state, equity, today's profit, what is held, the last decision, what is amiss.

import { html } from "../vendor/preact.js";
import { part } from "../api.js";
import { Ago, Badge, Card, Dot, Ooda, Share, Signed, useLive, Waiting } from "../components.js";
import { amount, count, number, plain, words } from "../format.js";
import { to } from "../router.js";
import { rowOf, useAnswer } from "../store.js";
import { mood, tone } from "../mood.js";
import { NoAgent } from "../absent.js";
import { BeginAgent } from "../controls/begin.js";

export default function Overview({ rows }) {
  if (rows === null) return html`<${Waiting} />`;
  if (rows.length === 0) return html`<${NoAgent} />`;
  const running = rows.filter((row) => row.running).length;
  const amiss = rows.reduce((sum, row) => sum + row.alarms.length, 0);
  return html`<div class="head"><p class="soft">${count(rows.length)} ${rows.length === 1 ? "agent" : "agents"}, ${running} running${amiss ? `, ${amiss} ${amiss === 1 ? "alarm" : "alarms"}` : ""}</p><span class="space"></span><${BeginAgent} /></div>
    <div class="overview-grid">${rows.map((row) => html`<${AgentCard} key=${row.agent} row=${row} />`)}</div>`;
}

function AgentCard({ row }) {
  const now = useLive(row);
  const address = `/agents/${encodeURIComponent(row.agent)}`;
  const digits = 2;
  const known = (value) => row.quote ? value : null; // of a journal that was not read nothing is known
  return html`<section class=${"card agent-card " + tone(row)} aria-labelledby=${"agent-" + row.agent} data-agent=${row.agent} data-mood=${mood(row)}>
    <header>
      <${Dot} kind=${tone(row)} hollow=${!row.running} />
      <h2 id=${"agent-" + row.agent}><a href=${address}>${row.agent}</a></h2>
      <${Badge} kind=${tone(row)}>${mood(row)}<//>
      <${Alarms} alarms=${row.alarms.filter((alarm) => alarm.kind !== mood(row) && !(alarm.kind === "dead" && mood(row) === "died"))} />
      <span class="space"></span>
      <span class="soft small">${[row.mode, row.symbols.join(", "), row.timeframe].filter(Boolean).join(" \u00b7 ")}</span>
    </header>
    <div class="body stack">
      <dl class="figures-row">
        <div><dt>equity${row.quote ? `, ${row.quote}` : ""}</dt><dd class="figure">${amount(known(row.equity), { places: digits })}</dd></div>
        <div><dt>today</dt><dd><${Signed} value=${known(row.profit_today)} places=${digits} /></dd></div>
        <div><dt>in all</dt><dd><${Signed} value=${known(row.profit)} places=${digits} /></dd></div>
      </dl>
      <${Spark} agent=${row.agent} />
      <div class="acts"><${Ooda} ...${now} /><span class="soft small figure">cycle ${count(now.cycle)}${row.at && html`, <${Ago} at=${row.at} />`}</span></div>
      <${Held} positions=${row.positions} />
      <${Decided} row=${row} />
    </div>
  </section>`;
}

const LEAST_SPAN = 0.002; // of the equity: what moves less is as good as flat

/** The equity's course in a stroke, over the line it opened at. */
function Spark({ agent }) {
  const { data } = useAnswer(`agents/${part(agent)}/equity`, { points: 120 }, { on: rowOf(agent, "cycle_ended") });
  const values = (data?.points ?? []).map((point) => number(point.equity));
  if (values.length < 2) return html`<div class="spark"></div>`;
  const opened = number(data.opening_cash);
  const [low, high] = [Math.min(opened, ...values), Math.max(opened, ...values)];
  const span = Math.max(high - low, high * LEAST_SPAN);
  const y = (value) => 16 - ((value - (low + high) / 2) / span) * 28;
  const points = values.map((value, k) => `${((k / (values.length - 1)) * 100).toFixed(2)},${y(value).toFixed(2)}`).join(" ");
  const label = `equity of ${agent} over ${count(values.length)} points, from ${amount(data.points[0].equity, { places: 2 })} to ${amount(data.points.at(-1).equity, { places: 2 })}`;
  return html`<svg class="spark" viewBox="0 0 100 32" preserveAspectRatio="none" role="img" aria-label=${label}>
    <line x1="0" x2="100" y1=${y(opened)} y2=${y(opened)} /><polyline points=${points} /></svg>`;
}

const MILD = new Set(["unjudged", "simulated", "breaker", "blocked", "pair_list"]);
const Alarms = ({ alarms }) => alarms.length > 0 && html`<ul class="acts">
  ${[...new Set(alarms.map((alarm) => alarm.kind))].map((kind) => html`<li key=${kind}><${Badge} kind=${MILD.has(kind) ? "wait" : "bad"} title=${alarms.filter((alarm) => alarm.kind === kind).map((alarm) => alarm.text).join("; ")}>${words(kind)}<//></li>`)}</ul>`;

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
      <span>${each.symbol}</span>${each.action !== "HOLD" && html`<span class="soft figure" title="confidence of 100">${plain(each.confidence, 0)}</span>`}
      <${Verdict} verdict=${each.verdict} /><span class="soft rest" title=${each.reason_in_quote || each.reason}>${each.reason_in_quote || each.reason}</span></li>`)}</ul>`;

/** A verdict in a badge: approved, the rule that denied, or nothing to judge. */
export const Verdict = ({ verdict }) => verdict === null
  ? html`<span class="soft small">not judged</span>`
  : html`<${Badge} kind=${verdict === "approved" ? "good" : "wait"}>${verdict === "approved" ? "approved" : `denied: ${verdict.replace(/_/g, " ")}`}<//>`;

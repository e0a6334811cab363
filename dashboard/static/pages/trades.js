// What trading came to: profit by symbol, hour and voice, what each veto saved or cost, how the weights moved.

import { html, useMemo, useState } from "../vendor/preact.js";
import { part } from "../api.js";
import { Alternative, Answered, Badge, Button, Card, Chart, Choice, Share, Signed, Table, Tiles, Time } from "../components.js";
import { amount, age, count, number, percent, plain, time, words } from "../format.js";
import { to } from "../router.js";
import { rowOf, useAnswer, useCell, zone } from "../store.js";
import { Older, usePages } from "./paged.js";

const PAGE = 50;

export default function Trades({ agent }) {
  const path = `agents/${part(agent)}`;
  const learned = rowOf(agent, "cycle_ended");
  const done = useAnswer(`${path}/performance`, {}, { on: learned });
  return html`<${Answered} of=${done}>${(data) => html`
      <${Totals} of=${data} />
      <div class="grid" style=${{ "--least": "21rem" }}>
        <${Groups} title="Profit by symbol" name="symbol" rows=${data.by_symbol} quote=${data.quote} />
        <${Voices} rows=${data.by_voice} voices=${data.voices} quote=${data.quote} />
        <${Groups} title="Profit by ending" name="ending" rows=${data.by_exit} quote=${data.quote} />
      </div>
      <${Periods} agent=${agent} path=${path} on=${learned} />
      <div class="grid" style=${{ "--least": "26rem" }}>
        <${Hours} rows=${data.by_hour} quote=${data.quote} agent=${agent} />
        <${Weights} agent=${agent} path=${path} on=${learned} />
      </div>
      <${Vetoes} rules=${data.rules} />`}<//>
    <${Forecasts} agent=${agent} path=${path} on=${learned} />
    <${History} agent=${agent} path=${path} on=${learned} />`;
}

const Totals = ({ of: { totals, quote } }) => html`<${Tiles} label="all closed trades" rows=${[
  { name: `profit, ${quote ?? ""}`, value: html`<${Signed} value=${totals.pnl} places=${2} />`, below: "after costs" },
  { name: "closed trades", value: count(totals.trades), below: `${count(totals.wins)} won` },
  { name: "won", value: percent(totals.win_rate, { digits: 1 }), below: totals.trades < 30 ? "too few to tell" : "of all" },
  { name: "profit factor", value: plain(totals.profit_factor, 2), below: "won over lost" },
  { name: "mean return", value: html`<${Share} value=${totals.mean_result} digits=${3} />`, below: "of a trade" },
  { name: "before costs", value: html`<${Signed} value=${totals.gross} places=${2} />`, below: "gross" },
  { name: "fees", value: amount(totals.fees, { places: 2 }), below: quote ?? "" },
  { name: "slippage", value: amount(totals.slippage, { places: 2 }), below: "and spread" },
]} />`;

/** A bar from the middle: right and green above zero, left and red below. */
function Bar({ value, most }) {
  const share = most > 0 && !Number.isNaN(value) ? Math.abs(value) / most * 50 : 0;
  return html`<span class="balance" aria-hidden="true"><i class=${value < 0 ? "down" : "up"} style=${value < 0 ? { right: "50%", width: `${share}%` } : { left: "50%", width: `${share}%` }}></i></span>`;
}

const most = (values) => Math.max(0, ...values.map(Math.abs).filter((value) => !Number.isNaN(value)));
const None = ({ what }) => html`<div class="empty"><p>${what}</p></div>`;

function Groups({ title, name, rows, quote }) {
  const top = most(rows.map((row) => number(row.pnl)));
  return html`<${Card} title=${title} note=${quote} flush>${rows.length === 0 ? html`<${None} what="No trade has closed yet." />` : html`<${Table} caption=${title} rows=${rows} id=${(row) => row.name} columns=${[
    { name, title: name, head: true, cell: (row) => words(row.name) },
    { name: "bar", title: "", cell: (row) => html`<${Bar} value=${number(row.pnl)} most=${top} />` },
    { name: "pnl", title: "Profit", num: true, cell: (row) => html`<${Signed} value=${row.pnl} places=${2} />` },
    { name: "trades", title: "Trades, won", num: true, cell: (row) => `${count(row.trades)}, ${count(row.wins)}` },
    { name: "mean", title: "Mean", num: true, cell: (row) => html`<${Share} value=${row.mean_result} />` },
  ]} />`}<//>`;
}

function Voices({ rows, voices, quote }) {
  const names = [...new Set([...Object.keys(voices), ...rows.map((row) => row.name)])];
  const of = Object.fromEntries(rows.map((row) => [row.name, row]));
  const top = most(rows.map((row) => number(row.pnl)));
  return html`<${Card} title="Profit by voice" note=${quote ? `${quote}, of the trades it spoke for` : ""} flush>${names.length === 0 ? html`<${None} what="No voice has spoken for a trade yet." />` : html`<${Table} caption="profit by voice" rows=${names} id=${(name) => name} columns=${[
    { name: "voice", title: "voice", head: true, cell: (name) => name },
    { name: "bar", title: "", cell: (name) => html`<${Bar} value=${number(of[name]?.pnl ?? "0")} most=${top} />` },
    { name: "pnl", title: "Profit", num: true, cell: (name) => html`<${Signed} value=${of[name]?.pnl ?? "0"} places=${2} />` },
    { name: "right", title: "Right", num: true, cell: (name) => (voices[name] ? `${count(voices[name].right)} of ${count(voices[name].trades)}` : "\u2013") },
    { name: "weight", title: "Weight", num: true, cell: (name) => plain(voices[name]?.weight ?? null, 3) },
  ]} />`}<//>`;
}

/* Day by day */

const PERIODS = [["day", "Days"], ["week", "Weeks"], ["month", "Months"]];
const LONG = 60;

function Periods({ agent, path, on }) {
  const [by, choose] = useState("day");
  const profit = useAnswer(`${path}/profit`, { by, limit: by === "day" ? LONG : null }, { on });
  const side = html`<${Choice} label="profit by" value=${by} options=${PERIODS} onChange=${choose} />`;
  return html`<${Card} title="Profit over time" note=${profit.data?.quote ? `${profit.data.quote}, what the equity did; UTC` : ""} side=${side}><${Answered} of=${profit}
      empty=${{ when: (data) => data.rows.length === 0, title: "No cycle yet.", text: "Each day appears here with its first cycle." }}>
    ${(data) => html`<${PeriodColumns} key=${agent + data.by} of=${data} />`}<//><//>`;
}

function PeriodColumns({ of: { rows, by, quote } }) {
  const name = (row) => time(row.begin, "day").slice(by === "month" ? 0 : 5, by === "month" ? 7 : 10);
  const data = useMemo(() => [...rows].reverse().map((row) => ({
    name: name(row), value: number(row.change),
    text: `${by === "day" ? "" : `${by} of `}${time(row.begin, "day")}: ${amount(row.change, { places: 2, sign: true })} ${quote ?? ""} to ${amount(row.equity, { places: 2 })}; ${row.trades} ${row.trades === 1 ? "trade" : "trades"} closed`,
  })), [rows]);
  return html`${rows.length > 1 && html`<${Chart} again=${by + (rows.length > 12)} data=${data} draw=${async (root, first) => {
      const { columnsChart } = await import("../charts/columns.js");
      return columnsChart(root, first, { label: `profit by ${by}, ${rows.length} of them`, write: (value) => amount(String(value)), every: Math.max(1, Math.ceil(rows.length / 12)) });
    }} />`}
    <${Table} caption=${`profit by ${by}, newest first`} rows=${rows} id=${(row) => row.begin} tall=${rows.length > 8 ? "18rem" : undefined} columns=${[
      { name: "period", title: by, head: true, cell: (row) => html`<span class="figure">${time(row.begin, "day")}</span>` },
      { name: "change", title: "Profit", num: true, cell: (row) => html`<${Signed} value=${row.change} places=${2} />` },
      { name: "share", title: "Return", num: true, cell: (row) => html`<${Share} value=${row.change_share} />` },
      { name: "equity", title: "Equity", num: true, cell: (row) => amount(row.equity, { places: 2 }) },
      { name: "trades", title: "Trades, won", num: true, wide: true, cell: (row) => `${count(row.trades)}, ${count(row.wins)}` },
      { name: "closed", title: "Closed", num: true, wide: true, cell: (row) => html`<${Signed} value=${row.closed} places=${2} />` },
      { name: "fees", title: "Fees", num: true, wide: true, cell: (row) => amount(row.fees, { places: 2 }) },
    ]} />`;
}

const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0"));

function Hours({ rows, quote, agent }) {
  const data = useMemo(() => HOURS.map((name) => {
    const row = rows.find((each) => each.name === name);
    const text = row ? `${name}:00 UTC: ${amount(row.pnl, { places: 2, sign: true })} ${quote ?? ""}, ${row.trades} ${row.trades === 1 ? "trade" : "trades"}, ${row.wins} won` : `${name}:00 UTC: no trade`;
    return { name, value: row ? number(row.pnl) : 0, text };
  }), [rows, quote]);
  return html`<${Card} title="Profit by hour of entry" note=${`UTC${quote ? `, ${quote}` : ""}`}>
    ${rows.length === 0 ? html`<${None} what="No trade has closed yet." />` : html`
    <${Chart} again=${agent} data=${data} draw=${async (root, first) => {
      const { columnsChart } = await import("../charts/columns.js");
      return columnsChart(root, first, { label: `profit by hour of entry, ${rows.length} hours with trades`, write: (value) => amount(String(value)), every: 2 });
    }} />
    <${Alternative} label="Hours as a table"><${Table} caption="profit by hour of entry" rows=${rows} id=${(row) => row.name} columns=${[
      { name: "hour", title: "Hour", head: true, cell: (row) => `${row.name}:00` },
      { name: "pnl", title: "Profit", num: true, cell: (row) => html`<${Signed} value=${row.pnl} places=${2} />` },
      { name: "trades", title: "Trades, won", num: true, cell: (row) => `${row.trades}, ${row.wins}` },
    ]} /><//>`}<//>`;
}

function Weights({ agent, path, on }) {
  const beliefs = useAnswer(`${path}/beliefs`, {}, { on });
  const chosen = useCell(zone);
  return html`<${Card} title="Weights over time" note="1 is neutral; the loop learns from each outcome"><${Answered} of=${beliefs}
      empty=${{ when: (data) => data.history.length === 0, title: "Nothing learned yet.", text: "Every voice weighs 1 until a trade closes or a veto's outcome is known." }}>
    ${(data) => html`<${WeightLines} key=${agent} history=${data.history} weights=${data.weights} chosen=${chosen} />`}<//><//>`;
}

function WeightLines({ history, weights, chosen }) {
  const data = useMemo(() => linesOf(history), [history]);
  const label = `weights over time, now ${Object.entries(weights).map(([voice, weight]) => `${voice} ${plain(weight, 3)}`).join(", ")}`;
  return html`<${Chart} again=${chosen} data=${data} label=${label} draw=${async (root, first) => {
      const { linesChart } = await import("../charts/lines.js");
      return linesChart(root, first, { label: `weights of ${Object.keys(first).join(", ")} over time`, height: 190, clock: (at) => time(at * 1000, "minute", chosen) });
    }} />
    <${Alternative} label="Weights as a table"><${Table} caption="weights after each lesson, newest first" rows=${[...history].reverse()} tall="16rem" columns=${[
      { name: "at", title: "Time", head: true, cell: (row) => html`<${Time} at=${row.at} shape="minute" />` },
      { name: "voice", title: "Voice", cell: (row) => row.voice },
      { name: "weight", title: "Weight", num: true, cell: (row) => plain(row.weight, 4) },
      { name: "cycle", title: "Cycle", num: true, cell: (row) => count(row.cycle) },
    ]} /><//>`;
}

/** Each voice's points, one a second at most; a line begins at the neutral 1 where the first lesson is. */
function linesOf(history) {
  const lines = {};
  for (const { at, voice, weight } of history) {
    const second = Math.floor(new Date(at) / 1000);
    const line = (lines[voice] ??= [[Math.floor(new Date(history[0].at) / 1000) - 60, 1]]);
    if (line.at(-1)[0] === second) line.pop();
    line.push([second, weight]);
  }
  return lines;
}

function Vetoes({ rules }) {
  const rows = Object.entries(rules).sort(([, a], [, b]) => Math.abs(b.saved) - Math.abs(a.saved));
  const top = most(rows.map(([, rule]) => rule.saved));
  return html`<${Card} title="What each veto saved or cost" note="sum of the returns that the denied entries would have had, turned round; above 0 a rule earned its keep" flush>
    ${rows.length === 0 ? html`<${None} what="No veto's outcome is known yet: a denied entry is watched until its stop, its target or its horizon." />` : html`<${Table} caption="vetoes by rule" rows=${rows} id=${([name]) => name} columns=${[
      { name: "rule", title: "Rule", head: true, cell: ([name]) => words(name) },
      { name: "bar", title: "", cell: ([, rule]) => html`<${Bar} value=${rule.saved} most=${top} />` },
      { name: "saved", title: "Saved", num: true, cell: ([, rule]) => html`<${Share} value=${rule.saved} />` },
      { name: "vetoes", title: "Vetoes", num: true, cell: ([, rule]) => count(rule.vetoes) },
      { name: "avoided", title: "Losses avoided", num: true, cell: ([, rule]) => count(rule.losses_avoided) },
      { name: "missed", title: "Gains missed", num: true, cell: ([, rule]) => count(rule.gains_missed) },
      { name: "mean", title: "Mean return denied", num: true, wide: true, cell: ([, rule]) => html`<${Share} value=${rule.mean_result} digits=${3} />` },
    ]} />`}<//>`;
}

/* Whether a confidence means anything */

function Forecasts({ agent, path, on }) {
  const told = useAnswer(`${path}/forecasts`, {}, { on });
  return html`<${Card} title="What confidence was worth" note="each voice's probability of an entry against what became of it, trades and watched vetoes alike"><${Answered} of=${told}
      empty=${{ when: (data) => data.voices.length === 0, title: "No forecast yet.", text: "Each entry that is judged is a forecast of every voice that spoke; its trade or its watched veto is the outcome." }}>
    ${(data) => html`<${Reliability} key=${agent} voices=${data.voices} />`}<//><//>`;
}

const named = (row) => (row.identity ? `${row.voice} ${row.identity.slice(0, 8)}` : row.voice);

function Reliability({ voices }) {
  const [chosen, choose] = useState(named(voices[0]));
  const row = voices.find((each) => named(each) === chosen) ?? voices[0];
  const data = useMemo(() => ({
    bins: row.bins, base: row.base_rate,
    label: `reliability of ${named(row)}: ${row.count} forecasts in ${row.bins.length} bins`,
  }), [row]);
  return html`${voices.length > 1 && html`<${Choice} label="forecasts of" value=${named(row)} options=${voices.map((each) => [named(each), each.voice])} onChange=${choose} />`}
    <p>${row.evidence}.</p>
    ${row.bins.length > 0 && html`<${Chart} again=${named(row)} data=${data} draw=${async (root, first) => {
      const { reliabilityChart } = await import("../charts/reliability.js");
      return reliabilityChart(root, first);
    }} />`}
    <${Table} caption="scores of forecasts by voice" rows=${voices} id=${named} columns=${[
      { name: "voice", title: "Voice", head: true, cell: named },
      { name: "count", title: "Outcomes", num: true, cell: (each) => count(each.count) },
      { name: "skill", title: "Skill", num: true, cell: (each) => plain(each.skill, 4) },
      { name: "won", title: "Earned", num: true, cell: (each) => percent(each.base_rate, { digits: 1 }) },
      { name: "brier", title: "Brier", num: true, wide: true, cell: (each) => plain(each.brier, 4) },
      { name: "base", title: "Brier of base rate", num: true, wide: true, cell: (each) => plain(each.base_brier, 4) },
      { name: "loss", title: "Log loss", num: true, wide: true, cell: (each) => plain(each.log_loss, 4) },
      { name: "mean", title: "Mean voted for", num: true, cell: (each) => html`<${Share} value=${each.mean_result} digits=${3} />` },
      { name: "open", title: "Open", num: true, wide: true, cell: (each) => count(each.open) },
    ]} />
    <${Alternative} label="Bins as a table"><${Table} caption=${`reliability of ${named(row)}`} rows=${row.bins} id=${(bin) => bin.probability} columns=${[
      { name: "said", title: "Said", head: true, cell: (bin) => percent(bin.probability, { digits: 1 }) },
      { name: "came", title: "Came", num: true, cell: (bin) => percent(bin.won, { digits: 1 }) },
      { name: "reach", title: "95 % interval", num: true, cell: (bin) => `${percent(bin.low, { digits: 0 })} to ${percent(bin.high, { digits: 0 })}` },
      { name: "count", title: "Forecasts", num: true, cell: (bin) => count(bin.count) },
    ]} /><//>`;
}

/* Every trade and every lesson */

function History({ agent, path, on }) {
  const [shown, show] = useState("trades");
  const side = html`<${Choice} label="what is listed" value=${shown} options=${[["trades", "Trades"], ["lessons", "Lessons"]]} onChange=${show} />`;
  return html`<${Card} title=${shown === "trades" ? "Closed trades" : "Lessons"} side=${side} flush>
    <${Listed} key=${shown + agent} agent=${agent} path=${`${path}/${shown}`} on=${on} columns=${shown === "trades" ? tradeColumns(agent) : lessonColumns(agent)}
      empty=${shown === "trades" ? "No trade has closed yet." : "No lesson yet: each closed trade and each veto whose outcome is known is one."} caption=${`${shown}, newest first`} /><//>`;
}

function Listed({ path, on, columns, empty, caption }) {
  const { first, items, next, busy, error, more } = usePages(path, {}, { on, limit: PAGE, id: JSON.stringify });
  return html`<${Answered} of=${first} empty=${{ when: (data) => data.items.length === 0, title: empty }}>${() => html`
    <${Table} caption=${caption} rows=${items} columns=${columns} />
    <${Older} next=${next} busy=${busy} error=${error} more=${more} />`}<//>`;
}

const why = (agent, cycle, text) => html`<a href=${to("/decisions", { agent, cycle })} title="why">${text}</a>`;

const tradeColumns = (agent) => [
  { name: "closed", title: "Closed", head: true, cell: (row) => html`<${Time} at=${row.closed} shape="minute" />` },
  { name: "symbol", title: "Symbol", cell: (row) => why(agent, row.entry_cycle, row.symbol) },
  { name: "pnl", title: "Profit", num: true, cell: (row) => html`<${Signed} value=${row.pnl} places=${2} />` },
  { name: "return", title: "Return", num: true, cell: (row) => html`<${Share} value=${row.return} />` },
  { name: "exit", title: "Ending", cell: (row) => html`<${Badge} kind=${row.exit === "stop" ? "bad" : row.exit === "target" ? "good" : "quiet"}>${words(row.exit)}<//>` },
  { name: "held", title: "Held", num: true, cell: (row) => age(row.held_minutes * 60) },
  { name: "quantity", title: "Quantity", num: true, wide: true, cell: (row) => amount(row.quantity) },
  { name: "entry", title: "Bought at", num: true, wide: true, cell: (row) => amount(row.entry_price) },
  { name: "exit_price", title: "Sold at", num: true, wide: true, cell: (row) => amount(row.exit_price) },
  { name: "fees", title: "Fees", num: true, wide: true, cell: (row) => amount(row.fees, { places: 2 }) },
  { name: "slippage", title: "Slippage", num: true, wide: true, cell: (row) => amount(row.slippage, { places: 2 }) },
];

const VOTES = { 1: "buy", "-1": "sell" };

const lessonColumns = (agent) => [
  { name: "at", title: "Learned", head: true, cell: (row) => html`<${Time} at=${row.learned_at} shape="minute" />` },
  { name: "kind", title: "From", cell: (row) => html`<${Badge} kind=${row.kind === "veto" ? "wait" : ""}>${row.kind}<//>` },
  { name: "symbol", title: "Symbol", cell: (row) => why(agent, row.entry_cycle, row.symbol) },
  { name: "result", title: "Result", num: true, cell: (row) => html`<${Share} value=${row.result} />` },
  { name: "rule", title: "Denied by", cell: (row) => (row.rule ? words(row.rule) : "") },
  { name: "exit", title: "Ending", cell: (row) => words(row.exit) },
  { name: "voices", title: "Votes", wide: true, cell: (row) => Object.entries(row.voices).filter(([, vote]) => vote).map(([name, vote]) => `${name} ${VOTES[vote]}`).join(", ") },
  { name: "regime", title: "Market", wide: true, cell: (row) => row.regime },
  { name: "held", title: "Watched", num: true, wide: true, cell: (row) => age(row.held_minutes * 60) },
];

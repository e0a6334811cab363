// One agent: candles with what was done and denied, equity, what is held and how far its stop is, every rule's
// headroom, providers and their breakers, and where in its loop it is.

import { html, useMemo, useState } from "../vendor/preact.js";
import { part } from "../api.js";
import { Ago, Alternative, Answered, Badge, Card, Chart, Choice, Empty, Gauge, Ooda, Pairs, Share, Signed, Table, Tiles, Time, useLive } from "../components.js";
import { age, amount, count, number, percent, places, time, told, words } from "../format.js";
import { go, to } from "../router.js";
import { rowOf, useAnswer, useCell, useNow, zone } from "../store.js";
import { Controls } from "../controls/bar.js";
import { LEVELS, MARKS, SAID } from "../charts/marks.js";
import { Outcome } from "../why.js";
import { Conclusions } from "./decisions.js";

const CANDLES = 300;
const POINTS = 600;
const TRIPS = 100;
const NO_TRADES = [];

export default function Agent({ agent, row }) {
  const path = `agents/${part(agent)}`;
  const changes = rowOf(agent);
  const status = useAnswer(path, {}, { on: (event) => changes(event) || (event.kind === "agent" && event.agent === agent) });
  const now = useLive(row);
  return html`
    <div class="agent-head">
      <div class="head"><${Ooda} ...${now} /><${Place} row=${row} status=${status.data} now=${now} /></div>
      <${Controls} agent=${agent} row=${row} />
    </div>
    <${Answered} of=${status}>${(data) => html`<${Figures} status=${data} now=${now} />`}<//>
    <div class="columns">
      <div class="stack">
        <${Market} agent=${agent} symbols=${row?.symbols?.length ? row.symbols : status.data?.symbols ?? []} changes=${changes} />
        <${Equity} agent=${agent} changes=${changes} />
        <${Latest} agent=${agent} />
      </div>
      <div class="stack">
        <${Positions} agent=${agent} changes=${changes} running=${now.running} />
        <${Risk} agent=${agent} changes=${changes} />
        <${Providers} agent=${agent} changes=${changes} status=${status.data} running=${now.running} />
        <${Resting} agent=${agent} changes=${changes} />
      </div>
    </div>`;
}

const Place = ({ row, status, now }) => row && html`<p class="soft small place">
  ${[row.mode, row.symbols.join(", "), row.timeframe].filter(Boolean).join(" \u00b7 ")} \u00b7 cycle ${count(now.cycle)}
  ${row.at && html`, <${Ago} at=${row.at} />`} ${row.outcome && html`<${Outcome} outcome=${row.outcome} />`}
  ${!row.running && row.ended && html` \u00b7 ended: ${row.ended}`}${status?.problem && html` <${Badge} kind="bad">${status.problem}<//>`}</p>`;

function Figures({ status, now }) {
  const { account } = status;
  const unit = account.quote ?? "";
  return html`<${Tiles} label="account" rows=${[
    { name: `equity, ${unit}`, value: amount(account.equity, { places: 2 }), below: `of ${amount(account.opening_cash, { places: 2 })}` },
    { name: "today", value: html`<${Signed} value=${account.profit_today} places=${2} />`, below: `${account.entries_today} ${account.entries_today === 1 ? "entry" : "entries"} today` },
    { name: "in all", value: html`<${Signed} value=${account.profit} places=${2} />`, below: "after costs" },
    { name: "largest fall", value: percent(account.max_drawdown), below: "from the peak" },
    { name: "cash", value: amount(account.cash, { places: 2 }), below: unit },
    { name: "trades", value: count(account.trades), below: account.trades ? `${count(account.wins)} won` : "none closed yet" },
    { name: "costs", value: amount(account.fees, { places: 2 }), below: `fees; slippage ${amount(account.slippage, { places: 2 })}` },
    now.running && status.next_candle_seconds !== null && { name: "next candle", value: html`<${Countdown} seconds=${status.next_candle_seconds} />`, below: status.clock && html`<${Time} at=${status.clock} shape="minute" />` },
  ]} />`;
}

function Countdown({ seconds }) {
  const [asked] = useMemo(() => [Date.now(), seconds], [seconds]);
  const now = useNow();
  return age(Math.max(0, seconds - (now - asked) / 1000));
}

/* Candles */

function Market({ agent, symbols, changes }) {
  const [picked, pick] = useState(null);
  const symbol = symbols.includes(picked) ? picked : symbols[0] ?? null;
  const side = symbols.length > 1 && html`<${Choice} label="symbol" value=${symbol} options=${symbols.map((name) => [name, name])} onChange=${pick} />`;
  const done = useAnswer(symbol === null ? null : `agents/${part(agent)}/trades`, { symbol, limit: TRIPS }, { on: (event) => changes(event) && event.kind === "cycle_ended" });
  const chart = useAnswer(symbol === null ? null : `agents/${part(agent)}/candles`, { symbol, limit: CANDLES }, { on: changes });
  return html`<${Card} title="Candles" note=${symbol && chart.data ? `${symbol}, ${chart.data.timeframe}` : ""} side=${side}>
    ${symbol === null
      ? html`<${Empty} title="No market yet." command="agent run --mode paper">The first cycle brings candles.<//>`
      : html`<${Answered} of=${chart} empty=${{ when: (data) => data.candles.length === 0, title: "No candle yet.", text: "The first closed candle appears here by itself." }}>
          ${(data) => html`<${Candles} key=${agent + symbol} agent=${agent} chart=${data} trades=${done.data?.items ?? NO_TRADES} />`}<//>`}
  <//>`;
}

/** An instant of the API as whole seconds, as the charts take it. */
const seconds = (at) => Math.floor(new Date(at) / 1000);
function candlesOf(chart, trades) {
  const first = chart.candles.length ? seconds(chart.candles[0].time) : 0;
  return {
    trips: trades.filter((trade) => seconds(trade.closed) >= first).map((trade) => ({ opened: seconds(trade.opened), closed: seconds(trade.closed), bought: number(trade.entry_price), sold: number(trade.exit_price), won: number(trade.pnl) > 0 })),
    candles: chart.candles.map(({ time: at, open, high, low, close, volume }) => ({ time: seconds(at), open: number(open), high: number(high), low: number(low), close: number(close), volume: number(volume) })),
    marks: chart.markers.map((mark) => ({ kind: mark.kind, time: seconds(mark.at), price: number(mark.price), text: mark.text, cycle: mark.cycle, short: SAID[mark.kind] })),
    levels: Object.entries(LEVELS).filter(([name]) => chart[name]).map(([name, tone]) => ({ name, price: number(chart[name]), tone })),
    lines: chart.lines.map(({ name, on_price: onPrice, values }) => ({ name, onPrice, values })),
  };
}

function Candles({ agent, chart, trades }) {
  const chosen = useCell(zone);
  const digits = places(chart.candles.slice(-50).map((candle) => candle.close), 6);
  const data = useMemo(() => candlesOf(chart, trades), [chart, trades]);
  const last = chart.candles.at(-1);
  const marks = [...chart.markers].reverse();
  const label = `candles of ${chart.symbol}, ${chart.candles.length} of ${chart.timeframe}, last close ${amount(last.close)}, ${marks.length} marks`;
  return html`<${Chart} kind="candles" again=${chosen + digits} data=${data} label=${label} draw=${(root, first) => drawCandles(root, first, { label, places: digits, height: Math.round(Math.min(720, Math.max(260, innerHeight * 0.4))), clock: clockOf(chosen) }, agent)} />
    <p class="legend">${Object.values(MARKS).map(({ tone, sign, name }) => html`<span key=${name} class=${tone}>${sign} ${name}</span>`)}<span>a mark opens its cycle</span></p>
    <${Alternative} label=${`Marks as a table (${marks.length})`}>${marks.length === 0 ? html`<p>None among these candles.</p>` : html`<${Table} caption="marks on the candles" rows=${marks} tall="16rem" columns=${[
      { name: "at", title: "Time", head: true, cell: (mark) => html`<${Time} at=${mark.at} shape="minute" />` },
      { name: "kind", title: "Mark", cell: (mark) => (mark.kind === "veto" ? "denied" : mark.kind) },
      { name: "price", title: "Price", num: true, cell: (mark) => amount(mark.price) },
      { name: "text", title: "What", cell: (mark) => mark.text },
      { name: "cycle", title: "Cycle", num: true, cell: (mark) => html`<a href=${to("/decisions", { agent, cycle: mark.cycle })}>${count(mark.cycle)}</a>` },
    ]} />`}<//>`;
}

const clockOf = (chosen) => (at) => time(at * 1000, "minute", chosen);

async function drawCandles(root, first, options, agent) {
  const { candleChart } = await import("../charts/candles.js");
  const chart = candleChart(root, options);
  let marks = first.marks;
  chart.set(first);
  chart.chart.subscribeClick(({ time: bar }) => {
    const mark = marks.find((each) => each.bar === bar);
    if (mark) go(to("/decisions", { agent, cycle: mark.cycle }));
  });
  const set = (next) => {
    marks = next.marks;
    chart.set(next);
  };
  return { set, remove: chart.remove };
}

/* Equity */

function Equity({ agent, changes }) {
  const chosen = useCell(zone);
  const curve = useAnswer(`agents/${part(agent)}/equity`, { points: POINTS }, { on: (event) => changes(event) && event.kind === "cycle_ended" });
  return html`<${Card} title="Equity and drawdown"><${Answered} of=${curve}
      empty=${{ when: (data) => data.points.length < 2, title: "Too few cycles for a curve.", text: "It grows with each cycle." }}>
    ${(data) => html`<${Curve} key=${agent} curve=${data} chosen=${chosen} />`}<//><//>`;
}

function Curve({ curve, chosen }) {
  const data = useMemo(() => curveOf(curve), [curve]);
  const rows = useMemo(() => thinned(curve.points, 40), [curve]);
  const [first, last] = [curve.points[0], curve.points.at(-1)];
  const fall = Math.max(...curve.points.map((point) => Math.abs(point.drawdown)));
  const label = `equity from ${amount(first.equity, { places: 2 })} to ${amount(last.equity, { places: 2 })}, largest fall from a peak ${percent(fall)}`;
  return html`<${Chart} kind="curve" again=${chosen} data=${data} label=${label} draw=${async (root, first) => {
      const { equityChart } = await import("../charts/equity.js");
      return equityChart(root, first, { label: "Equity and its fall from the peak", heights: { equity: 170, fall: 70 }, clock: clockOf(chosen) });
    }} />
    <${Alternative} label="Equity as a table"><${Table} caption="equity over time" rows=${rows} tall="16rem" columns=${[
      { name: "at", title: "Time", head: true, cell: (point) => html`<${Time} at=${point.at} shape="minute" />` },
      { name: "cycle", title: "Cycle", num: true, cell: (point) => count(point.cycle) },
      { name: "equity", title: "Equity", num: true, cell: (point) => amount(point.equity, { places: 2 }) },
      { name: "fall", title: "Below peak", num: true, cell: (point) => percent(point.drawdown) },
    ]} /><//>`;
}

/** The curve's data: one point a second at most, as the chart demands. */
function curveOf({ points, quote }) {
  const data = { t: [], e: [], f: [], quote };
  for (const point of points) {
    const at = seconds(point.at);
    if (at <= (data.t.at(-1) ?? -1)) for (const list of [data.t, data.e, data.f]) list.pop();
    data.t.push(at);
    data.e.push(number(point.equity));
    data.f.push(-100 * Math.abs(point.drawdown));
  }
  return data;
}

const thinned = (list, most) => list.filter((_, k) => k % Math.ceil(list.length / most) === 0 || k === list.length - 1).reverse();

/* Positions */

function Positions({ agent, changes, running }) {
  const held = useAnswer(`agents/${part(agent)}/positions`, {}, { on: changes });
  return html`<${Card} title="Positions" note=${held.data?.length ? String(held.data.length) : ""}><${Answered} of=${held}
      empty=${{ when: (data) => data.length === 0, title: "Nothing is held.", text: running ? "An entry appears here when its order fills." : "The agent does not run." }}>
    ${(data) => html`<ul class="stack">${data.map((each) => html`<${Held} key=${each.symbol} of=${each} />`)}</ul>`}<//><//>`;
}

const STOPS = /stop/i;

/** The levels of a position's resting orders: the stop that loses, the target that gains. */
export function levelsOf({ entry, orders }) {
  const resting = orders.filter((order) => order.level !== null);
  const stop = resting.find((order) => STOPS.test(order.type));
  const target = resting.find((order) => !STOPS.test(order.type) && number(order.level) > number(entry));
  return { stop: stop?.level ?? null, target: target?.level ?? null };
}

function Held({ of }) {
  const { stop, target } = levelsOf(of);
  const [price, entry] = [number(of.price), number(of.entry)];
  const shown = { places: places([of.price, of.entry, stop, target]) };
  const toStop = stop === null || Number.isNaN(price) ? null : number(stop) / price - 1;
  const toTarget = target === null || Number.isNaN(price) ? null : number(target) / price - 1;
  return html`<li class="held" data-position=${of.symbol}>
    <div class="acts"><b>${of.symbol}</b><span class="figure soft">${amount(of.quantity)}</span><span class="space"></span>
      <${Signed} value=${of.unrealised} places=${2} /><${Share} value=${price / entry - 1} /></div>
    <${Track} price=${price} entry=${entry} stop=${number(stop)} target=${number(target)}
      text=${`price ${amount(of.price, shown)}, entry ${amount(of.entry, shown)}${stop === null ? ", no stop rests" : `, stop ${amount(stop, shown)}, ${percent(Math.abs(toStop))} away`}${target === null ? "" : `, target ${amount(target, shown)}`}`} />
    <dl class="levels">
      <div><dt>stop</dt><dd>${stop === null ? html`<span class="down strong">none rests</span>` : html`${amount(stop, shown)} <span class=${Math.abs(toStop) < 0.002 ? "wait" : "soft"}>${percent(toStop, { sign: true })}</span>`}</dd></div>
      <div><dt>entry</dt><dd>${amount(of.entry, shown)}</dd></div>
      <div><dt>price</dt><dd>${amount(of.price, shown)}</dd></div>
      <div><dt>target</dt><dd>${target === null ? html`<span class="soft">by signal</span>` : html`${amount(target, shown)} <span class="soft">${percent(toTarget, { sign: true })}</span>`}</dd></div>
    </dl>
    <p class="soft tiny">since <${Time} at=${of.opened_at} shape="minute" />, fees ${amount(of.fees, { places: 4 })}</p>
  </li>`;
}

/** Where the price stands between stop and target, on one line. */
function Track({ price, entry, stop, target, text }) {
  const known = [price, entry, stop, target].filter((value) => !Number.isNaN(value));
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const room = (high - low) * 0.06 || 1;
  const at = (value) => `${((value - low + room) / (high - low + 2 * room)) * 100}%`;
  const [from, till] = [Math.min(entry, price), Math.max(entry, price)];
  return html`<div class="track-line" role="img" aria-label=${text}>
    ${!Number.isNaN(price) && html`<i class=${"run " + (price >= entry ? "up" : "down")} style=${{ left: at(from), right: `calc(100% - ${at(till)})` }}></i>`}
    ${[["stop", stop], ["entry", entry], ["target", target], ["price", price]].filter(([, value]) => !Number.isNaN(value)).map(([name, value]) => html`<i key=${name} class=${"at " + name} style=${{ left: at(value) }}></i>`)}
  </div>`;
}

/* Risk */

function Risk({ agent, changes }) {
  const rules = useAnswer(`agents/${part(agent)}/risk`, {}, { on: (event) => changes(event) && event.kind !== "candle" });
  return html`<${Card} title="Risk" note=${rules.data ? summary(rules.data) : ""} flush><${Answered} of=${rules}
      empty=${{ when: (data) => data.length === 0, title: "No rule can be measured yet.", text: "The first cycle measures them." }}>
    ${(data) => html`<div class="scroll" tabindex="0" role="region" aria-label="risk rules" style=${{ maxHeight: "26rem" }}><ul class="rules">${ordered(data).map((rule) => html`<${Rule} key=${rule.rule + rule.symbol} of=${rule} />`)}</ul></div>`}<//><//>`;
}

function summary(rules) {
  const broken = rules.filter((rule) => rule.passed === false).length;
  return broken ? `${broken} of ${rules.length} would deny an entry now` : `${rules.length} rules, none would deny an entry now`;
}

const weight = (rule) => (rule.passed === false ? (rule.symbol === null ? 4 : 3) : rule.used !== null ? 1 + Math.min(1, rule.used) : rule.measured !== null ? 0.5 : 0);
const ordered = (rules) => rules.map((rule, k) => [rule, k]).sort(([a, j], [b, k]) => weight(b) - weight(a) || j - k).map(([rule]) => rule);

function Rule({ of }) {
  const name = words(of.rule) + (of.symbol ? `, ${of.symbol}` : "");
  const value = of.measured === null ? "not measured" : figure(of.measured) + against(of);
  const failed = of.passed === false && (of.symbol === null ? "failed" : "denies");
  return html`<li class=${failed || ""} data-rule=${of.rule} title=${of.meaning}>
    <span><span class="rule-name">${name}</span> <span class="soft tiny">${told([of.unit, of.used !== null && of.note].filter(Boolean).join(", "))}</span></span>
    <span class="figure small">${value}</span>
    ${of.used !== null ? html`<${Gauge} label=${name} used=${of.used} failed=${failed === "failed"} denies=${failed === "denies"} text=${`${percent(of.used, { digits: 0 })} used: ${value} ${of.unit}`} />`
      : html`<span class="soft tiny">${of.note ? told(of.note) : (of.passed === false ? "not kept" : of.passed ? "kept" : "")}</span>`}
  </li>`;
}

/** A limit in words: the most there may be, the least there must be, or the one state that is allowed. */
function against({ measured, limit, passed }) {
  if (limit === null) return "";
  const [value, bound] = [number(measured), number(limit)];
  if (Number.isNaN(value) || Number.isNaN(bound)) return measured === limit ? "" : `, limit ${limit}`;
  return value !== bound && (value > bound) === passed ? `, least ${figure(limit)}` : ` of ${figure(limit)}`;
}

/** A measure that is a number with its digits grouped, at most two decimals where it is long; words as they are. */
const figure = (text) => (/^-?\d+\.\d{3,}$/.test(text) ? amount(text, { places: 2 }) : amount(text));

/* Providers */

const BREAKERS = { closed: "good", open: "bad", half_open: "wait", "half-open": "wait" };

function Providers({ agent, changes, status, running }) {
  const providers = useAnswer(`agents/${part(agent)}/providers`, {}, { on: changes, every: 15000 });
  return html`<${Card} title="Providers and breakers" flush><${Answered} of=${providers}
      empty=${{ when: (data) => data.length === 0, title: "No provider was asked yet.", text: "They appear with the first cycle." }}>
    ${(data) => html`<${Table} caption="providers" rows=${data} id=${(row) => row.provider} detail=${(row) => row.last_refusal && html`<span class="tiny">last refused: ${row.last_refusal}</span>`} columns=${[
      { name: "provider", title: "Provider", head: true, cell: (row) => row.provider },
      { name: "breaker", title: "Breaker", cell: (row) => (row.breaker ? html`<${Badge} kind=${BREAKERS[row.breaker] ?? "quiet"}>${words(row.breaker)}<//>` : "\u2013") },
      { name: "age", title: "Served", num: true, cell: (row) => (row.age_seconds === null ? "never" : running ? `${age(row.age_seconds)} ago` : html`<${Time} at=${row.served_at} shape="short" />`) },
      { name: "stream", title: "Stream", cell: (row) => (row.connected === null ? html`<span class="soft">none</span>` : html`<${Badge} kind=${row.connected ? "good" : "bad"}>${row.connected ? "connected" : "cut"}<//><div class="soft tiny">${count(row.reconnects)} reconnects, ${count(row.dropped)} dropped</div>`) },
    ]} />`}<//>
    ${status && Object.keys(status.muted).length > 0 && html`<div class="body"><${Pairs} rows=${Object.entries(status.muted)} /></div>`}
  <//>`;
}

/* Orders and decisions */

function Resting({ agent, changes }) {
  const orders = useAnswer(`agents/${part(agent)}/orders`, { limit: 8 }, { on: changes });
  const rows = orders.data?.items ?? orders.data ?? [];
  return html`<${Card} title="Orders" flush><${Answered} of=${orders} empty=${{ when: () => rows.length === 0, title: "No order was sent yet.", text: "" }}>
    ${() => html`<${Table} caption="latest orders" rows=${rows.slice(0, 8)} id=${(row) => row.client_id} columns=${[
      { name: "at", title: "Sent", head: true, cell: (row) => html`<a href=${to("/decisions", { agent, cycle: row.cycle })}><${Time} at=${row.at} shape="short" /></a>` },
      { name: "what", title: "Order", cell: (row) => html`<span class=${"action " + row.side.toUpperCase()}>${row.side.toLowerCase()}</span> <span class="nowrap">${row.symbol}</span><div class="soft tiny">${words(row.purpose).toLowerCase()}, ${words(row.type).toLowerCase()}</div>` },
      { name: "quantity", title: "Quantity", num: true, cell: (row) => html`${amount(row.quantity)}${row.level && html`<div class="soft tiny">at ${amount(row.level)}</div>`}` },
      { name: "status", title: "Fate", cell: (row) => html`<${Badge} kind=${row.open ? "" : /reject|unknown/i.test(row.status) ? "bad" : /fill/i.test(row.status) ? "good" : "quiet"} title=${row.reason ?? ""}>${words(row.status).toLowerCase()}<//>` },
    ]} />`}<//><//>`;
}

function Latest({ agent }) {
  const cycles = useAnswer(`agents/${part(agent)}/cycles`, { limit: 12 }, { on: rowOf(agent, "cycle_ended") });
  return html`<${Card} title="Latest cycles" kind="last" side=${html`<a class="small" href=${to("/decisions", { agent })}>all</a>`} flush><${Answered} of=${cycles}
      empty=${{ when: (data) => data.items.length === 0, title: "No cycle yet.", text: "" }}>
    ${(data) => html`<${Table} caption="latest cycles" rows=${data.items} id=${(row) => row.cycle} columns=${[
      { name: "cycle", title: "Cycle", num: true, head: true, cell: (row) => html`<a href=${to("/decisions", { agent, cycle: row.cycle })}>${count(row.cycle)}</a>` },
      { name: "at", title: "Time", cell: (row) => html`<${Time} at=${row.at} shape="short" />` },
      { name: "outcome", title: "Outcome", cell: (row) => html`<${Outcome} outcome=${row.outcome} />` },
      { name: "why", title: "Decisions", cell: (row) => html`<${Conclusions} row=${row} />` },
    ]} />`}<//><//>`;
}

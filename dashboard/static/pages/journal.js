// The journal of an agent: what it holds, whether its chain is intact, its last rows as they are written.

import { html, useEffect, useState } from "../vendor/preact.js";
import { get, part, url } from "../api.js";
import { Answered, Badge, Button, Card, Failure, Pairs, Signed, Table, Tiles, Time } from "../components.js";
import { CommandDialog } from "../controls/command.js";
import { amount, count, outcomeOf, told, words } from "../format.js";
import { rowOf, useAnswer, useEvents } from "../store.js";
import { parser } from "../stream.js";

const SHOWN = 200;
const BEFORE = 60;

export default function Journal({ agent, row }) {
  const at = `agents/${part(agent)}/journal`;
  const held = useAnswer(at, null, { on: rowOf(agent, "session_started", "session_ended", "cycle_ended") });
  return html`<${Answered} of=${held}>${(journal) => html`<div class="stack">
      <${Span} journal=${journal} />
      <div class="both"><${Chain} agent=${agent} at=${at} /><${Export} agent=${agent} journal=${journal} /></div>
      <${Rows} agent=${agent} head=${row?.seq ?? journal.rows ?? 0} />
    </div>`}<//>`;
}

function Span({ journal }) {
  if (journal.problem) return html`<div class="shout bad" role="alert"><b>It cannot be read</b><span>${journal.problem}</span></div>`;
  return html`<${Tiles} label="the journal" rows=${[
    { name: "rows", value: count(journal.rows), below: `${count(journal.sessions)} ${journal.sessions === 1 ? "session" : "sessions"}` },
    { name: "from", value: html`<${Time} at=${journal.since} shape="minute" />`, below: journal.mode ?? "" },
    { name: "to", value: html`<${Time} at=${journal.until} shape="minute" />`, below: journal.running ? "being written" : "at rest" },
    { name: `equity${journal.quote ? `, ${journal.quote}` : ""}`, value: amount(journal.equity, { places: 2 }), below: html`<${Signed} value=${journal.profit} places=${2} />` },
    { name: "trades", value: count(journal.trades), below: (journal.symbols ?? []).join(", ") },
  ]} />`;
}

/** Verify: every row is hashed with the one before it; anchor: its head is written down elsewhere. */
function Chain({ agent, at }) {
  const [state, setState] = useState({});
  const [anchoring, setAnchoring] = useState(false);
  async function verify() {
    setState({ busy: true });
    try {
      setState({ answer: await get(`${at}/verify`), when: new Date().toISOString() });
    } catch (error) {
      setState({ error });
    }
  }
  const { answer } = state;
  return html`<${Card} title="The chain" note="each row is hashed with the one before it">
    <div class="stack">
      <div class="acts"><${Button} data-verify aria-disabled=${String(Boolean(state.busy))} onClick=${() => !state.busy && verify()}>${state.busy ? "Reading every row\u2026" : "Verify"}<//>
        <${Button} data-anchor onClick=${() => setAnchoring(true)}>Anchor\u2026<//></div>
      ${state.error && html`<${Failure} error=${state.error} again=${verify} />`}
      ${answer && html`<div data-intact=${String(answer.intact)} role="status"><${Badge} kind=${answer.intact ? "good" : "bad"}>${answer.intact ? "intact" : "broken"}<//>
        <${Pairs} rows=${[
          answer.rows !== null && ["rows", count(answer.rows)], answer.head && ["head", html`<code>${answer.head}</code>`],
          answer.seq !== null && answer.seq !== undefined && ["row", count(answer.seq)], answer.what && ["what", answer.what], ["at", html`<${Time} at=${state.when} />`],
        ]} /></div>`}
    </div>
    ${anchoring && html`<${CommandDialog} name="anchor" agent=${agent} onClose=${() => setAnchoring(false)} />`}<//>`;
}

const Export = ({ agent, journal }) => html`<${Card} title="Export" note="every row as it stands, one JSON a line">
  <div class="stack"><div class="acts"><a class="btn" data-export download=${`${agent}.ndjson`} href=${url(`agents/${part(agent)}/journal/export`)}>Download ${count(journal.rows)} rows</a></div>
    <p class="soft small">Amounts there are in ticks and lots, as the journal counts; the rows below are in words and decimals.</p></div><//>`;

function Rows({ agent, head }) {
  const [rows, setRows] = useState([]);
  const [held, setHeld] = useState(false);
  const [error, setError] = useState(null);
  const [open, setOpen] = useState(null);
  const add = (more) => setRows((old) => merged(old, more));
  useEffect(() => {
    const control = new AbortController();
    recent(agent, head, control.signal).then(add, (failed) => { if (failed.name !== "AbortError") setError(failed); });
    return () => control.abort();
  }, [agent]);
  useEvents(rowOf(agent), (event) => { if (!held) add([event.data]); });
  const columns = [
    { name: "seq", title: "Row", num: true, head: true, cell: (each) => count(each.seq) },
    { name: "at", title: "At", cell: (each) => html`<${Time} at=${each.at} />` },
    { name: "kind", title: "What", cell: (each) => html`<span class="nowrap">${words(each.kind)}</span>` },
    { name: "text", title: "In words", kind: "because", cell: (each) => html`${textOf(each.body)} <button type="button" class="btn plain tiny" aria-expanded=${String(open === each.seq)} aria-label=${`${open === each.seq ? "less" : "more"} of row ${each.seq}`} onClick=${() => setOpen(open === each.seq ? null : each.seq)}>${open === each.seq ? "less" : "more"}</button>
      ${open === each.seq && html`<pre class="answer">${JSON.stringify(each.body, null, 2)}</pre>`}` },
  ];
  return html`<${Card} title="Rows" flush kind="rows" note=${held ? "frozen: what is written meanwhile comes when you go on" : "as they are written, the newest first"}
    side=${html`<${Button} aria-pressed=${String(held)} onClick=${() => { if (held) recent(agent, head, undefined).then(add, () => {}); setHeld(!held); }}>${held ? "Go on" : "Freeze"}<//>`}>
    ${error && html`<${Failure} error=${error} />`}
    <${Table} caption="journal rows" columns=${columns} rows=${rows} id=${(each) => each.seq} tall="34rem" /><//>`;
}

function merged(old, more) {
  const known = new Set(old.map((each) => each.seq));
  const fresh = more.filter((each) => !known.has(each.seq));
  return fresh.length === 0 ? old : [...old, ...fresh].sort((a, b) => b.seq - a.seq).slice(0, SHOWN);
}

/** The last rows of a journal: its stream, read from a little before its head until it is there. */
async function recent(agent, head, signal) {
  const control = new AbortController();
  signal?.addEventListener("abort", () => control.abort());
  const timer = setTimeout(() => control.abort(), 4000);
  const rows = [];
  try {
    const response = await fetch(url("events", { agent, after: Math.max(0, head - BEFORE) }), { headers: { Accept: "text/event-stream" }, signal: control.signal });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const parse = parser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    while (!rows.some((each) => each.seq >= head)) {
      const { value, done } = await reader.read();
      if (done) break;
      for (const { event } of parse(value)) if (event.seq !== null && event.agent === agent) rows.push(event.data);
    }
  } catch (error) {
    if (error.name !== "AbortError" || signal?.aborted) throw error;
  } finally {
    clearTimeout(timer);
    control.abort();
  }
  return rows;
}

/** A row in a sentence. */
function textOf(body) {
  switch (body?.type) {
    case "decided": return `cycle ${count(body.cycle)}: ${body.decisions.map((each) => `${each.symbol} ${each.action}${each.verdict && each.verdict !== "approved" ? `, denied by ${words(each.verdict)}` : ""}`).join("; ")}`;
    case "orders": return body.orders.map((order) => `${order.purpose} ${order.side} ${order.quantity} ${order.symbol}`).join("; ");
    case "report": return `${body.symbol} ${words(body.status)}${body.fills.length ? `, ${body.fills.map((fill) => `${fill.quantity} at ${fill.price}`).join(", ")}` : ""}${body.reason ? `: ${body.reason}` : ""}`;
    case "ended": return `cycle ${count(body.cycle)} ended: ${outcomeOf(body.outcome)}, equity ${amount(body.equity, { places: 2 })}${body.error ? `: ${body.error}` : ""}`;
    case "session": return body.reason ? `session ${body.session} ended: ${body.reason}` : `session ${body.session}, ${body.mode ?? ""} ${(body.symbols ?? []).join(", ")}`;
    default: return [told(body?.text), body?.reason && `\u201c${body.reason}\u201d`, body?.by && `by ${body.by}`].filter(Boolean).join(", ");
  }
}

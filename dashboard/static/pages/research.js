// Research: start work beside the agents, follow it, read what came of it.

import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { get, newKey, part, post, url } from "../api.js";
import { Answered, Badge, Button, Card, Choice, Command, Empty, Failure, Field, Since, Time, Waiting } from "../components.js";
import { Refusal } from "../controls/command.js";
import { age, count, percent } from "../format.js";
import { ApplyDialog } from "./parameters.js";
import { useQuery } from "../router.js";
import { STRATEGIES } from "../controls/begin.js";
import { wrongOf } from "../controls/problems.js";
import { KINDS, optionsOf, optionsText } from "../research/schema.js";
import { Result } from "../research/results.js";
import { useAnswer } from "../store.js";

const TONES = { waiting: "quiet", running: "wait", done: "good", failed: "bad", cancelled: "quiet" };
const FOUND = new Set(["walk-forward", "optimize"]);
const EVERY_MS = 3000;

export default function Research({ rows: agents }) {
  const [query, setQuery] = useQuery();
  const work = useAnswer("work", null, { on: (event) => event.kind === "work", every: EVERY_MS });
  const candles = useAnswer("data");
  const rows = [...(work.data ?? [])].sort((a, b) => (a.asked_at < b.asked_at ? 1 : -1));
  const chosen = rows.find((row) => row.id === query.work) ?? (query.work ? null : rows[0]) ?? null;
  return html`<div class="columns research">
    <div class="stack">${chosen ? html`<${Work} key=${chosen.id} row=${chosen} agents=${agents} />` : html`<div class="card"><${Empty} title="Nothing was tried here yet."
      command="agent backtest --strategy rsi --symbol BTC-USDT">Start a backtest beside; its result opens here.<//></div>`}</div>
    <div class="stack">
      <${Begin} rows=${agents} candles=${candles} onBegun=${(row) => { work.again(); setQuery({ work: row.id }); }} />
      <${Card} title="Work" flush><${Answered} of=${work} empty=${{ when: (all) => all.length === 0, title: "Nothing waits and nothing ran.", text: "What you start is listed here, the newest first." }}>
        ${() => html`<ul class="queue">${rows.map((row) => html`<${Queued} key=${row.id} row=${row} chosen=${row.id === chosen?.id} onOpen=${() => setQuery({ work: row.id })} onChanged=${work.again} />`)}</ul>`}<//><//>
    </div>
  </div>`;
}

/* Begin */

// What was typed last, kept for this tab: a reload takes nothing away.
const kept = { kind: "backtest", given: {} };
try { Object.assign(kept, JSON.parse(sessionStorage.getItem("boyd.work") ?? "{}")); } catch (_) { /* no storage */ }
if (!KINDS[kept.kind]) kept.kind = "backtest";
function keep() { try { sessionStorage.setItem("boyd.work", JSON.stringify(kept)); } catch (_) { /* no storage */ } }

/** The series there are, to choose one of; where there is none, how to get some. */
function Series({ candles, symbol, timeframe, choose }) {
  const [state, setState] = useState({});
  const make = async () => {
    if (state.busy) return;
    setState({ busy: true });
    try {
      const rows = await post("data/made-up");
      setState({});
      candles.again();
      if (rows[0]) choose(rows.find((row) => row.symbol.startsWith("MADEUP")) ?? rows[0]);
    } catch (error) {
      setState({ error });
    }
  };
  if (candles.error) return html`<${Failure} error=${candles.error} again=${candles.again} />`;
  if (candles.data === null) return html`<${Waiting} text="looking for candles\u2026" />`;
  const rows = candles.data;
  const at = rows.findIndex((row) => row.symbol === symbol && row.timeframe === timeframe);
  const made = html`<${Button} data-made-up aria-disabled=${String(Boolean(state.busy))} onClick=${make}>${state.busy ? "Making them up\u2026" : "Use made-up candles"}<//>`;
  return html`${rows.length > 0
    ? html`<${Field} label="Candles in the catalogue">${(id) => html`<select id=${id} name="series" onChange=${(event) => { if (rows[event.target.value]) choose(rows[event.target.value]); }}>
        <option value="" selected=${at < 0}>choose a series, or type one below</option>
        ${rows.map((row, k) => html`<option key=${row.symbol + row.timeframe} value=${k} selected=${k === at}>${row.symbol}, ${row.timeframe}: ${row.first.slice(0, 10)} to ${row.last.slice(0, 10)}, ${count(row.candles)}</option>`)}</select>`}<//>`
    : html`<div class="stack small" data-no-candles><p><b>The catalogue holds no candles yet.</b> Fetch some, or try on made-up ones.</p>
        <${Command} text="agent data download BTC-USDT --timeframe 1h --timerange 20240101-" />${made}</div>`}
    ${state.error && html`<${Refusal} error=${state.error} />`}`;
}

function Begin({ rows, candles, onBegun }) {
  const [kind, setKindNow] = useState(kept.kind);
  const [given, setGivenNow] = useState(kept.given);
  const setKind = (next) => { kept.kind = next; keep(); setKindNow(next); };
  const setGiven = (change) => setGivenNow((old) => { kept.given = change(old); keep(); return kept.given; });
  const only = candles.data?.length === 1 ? candles.data[0] : null;
  useEffect(() => { if (only && !given.symbol) setGiven((old) => ({ ...old, symbol: only.symbol, timeframe: only.timeframe })); }, [only?.symbol]);
  const [state, setState] = useState({});
  const key = useRef(newKey());
  const { fields, says } = KINDS[kind];
  const set = (name, value) => setGiven((old) => ({ ...old, [name]: value }));
  async function begin(event) {
    event.preventDefault();
    if (state.busy) return;
    setState({ busy: true });
    try {
      const row = await post("work", { kind, options: optionsOf(kind, given), reason: given.reason ?? "", key: key.current }, key.current);
      setState({});
      onBegun(row);
    } catch (error) {
      setState({ error });
    }
    key.current = newKey();
  }
  const draw = (field) => html`<${Option} key=${kind + field.name} field=${field} value=${given[field.name] ?? field.initial ?? ""} set=${(value) => set(field.name, value)} error=${state.error} others=${fields.map((each) => each.also ?? each.name)} />`;
  return html`<${Card} title="Start">
    <form class="stack" onSubmit=${begin} data-work=${kind}>
      <${Choice} label="kind of work" value=${kind} options=${Object.entries(KINDS).map(([name, each]) => [name, each.title])} onChange=${(name) => { setKind(name); setState({}); }} />
      <p class="soft small">${says}</p>
      ${kind !== "lookahead" && html`<${Series} candles=${candles} symbol=${given.symbol} timeframe=${given.timeframe} choose=${(row) => setGiven((old) => ({ ...old, symbol: row.symbol, timeframe: row.timeframe }))} />`}
      <div class="fields">${fields.filter((field) => !field.rare).map(draw)}</div>
      ${fields.some((field) => field.rare) && html`<details open=${rareWrong(fields, state.error)}><summary class="small">More</summary><div class="fields" style=${{ paddingTop: ".5rem" }}>${fields.filter((field) => field.rare).map(draw)}</div></details>`}
      <${Lists} rows=${rows} candles=${candles.data} />
      ${state.error && html`<${Refusal} error=${state.error} />`}
      <div class="acts"><button class="btn main-act" data-begin aria-disabled=${String(Boolean(state.busy))}>${state.busy ? "Sent\u2026" : `Start the ${KINDS[kind].title.toLowerCase()}`}</button></div>
    </form><//>`;
}

/** Strategies and symbols of the agents here, as suggestions of the browser; the form works without. */
function Lists({ rows, candles }) {
  const versions = useAnswer(rows?.[0] ? `agents/${part(rows[0].agent)}/parameters` : null);
  const list = (id, names) => html`<datalist id=${id}>${[...new Set(names)].map((name) => html`<option key=${name} value=${name}></option>`)}</datalist>`;
  return html`${list("strategies", [...STRATEGIES, ...(versions.data ?? []).map((each) => each.strategy)])}${list("series", (candles ?? []).map((row) => row.symbol))}`;
}

/** Whether one of the fields that few need is wrong, so that it is not folded away. */
const rareWrong = (fields, error) => fields.some((field) => field.rare && wrongOf(error, field.name, field.name === "set" ? fields.map((each) => each.also ?? each.name) : null)) || undefined;

function Option({ field, value, set, error, others }) {
  const wrong = wrongOf(error, field.also ?? field.name, field.name === "set" ? others : null) ?? wrongOf(error, field.name);
  if (field.type === "flag") {
    return html`<label class="check small"><input type="checkbox" name=${field.name} checked=${value === true} onChange=${(event) => set(event.target.checked)} /><span>${field.label}</span></label>`;
  }
  const typed = (event) => set(event.target.value);
  return html`<${Field} label=${field.label} hint=${field.hint} wrong=${wrong}>${(id) => field.type === "choice"
    ? html`<select id=${id} name=${field.name} onChange=${typed}>${field.choices.map((each) => html`<option key=${each} selected=${each === value}>${each}</option>`)}</select>`
    : field.type === "lines" ? html`<textarea id=${id} name=${field.name} rows="2" spellcheck=${false} value=${value} onInput=${typed}></textarea>`
    : html`<input id=${id} name=${field.name} value=${value} required=${field.required} list=${field.list} autocomplete="off" inputmode=${field.type === "whole" ? "numeric" : field.type === "number" ? "decimal" : undefined} onInput=${typed} />`}<//>`;
}

/* The queue */

function Queued({ row, chosen, onOpen, onChanged }) {
  const [error, setError] = useState(null);
  const key = useRef(newKey());
  const cancel = async () => {
    try {
      await post(`work/${part(row.id)}/cancel`, { reason: "", key: key.current }, key.current);
      onChanged();
    } catch (failed) {
      setError(failed);
    }
  };
  const goes = row.state === "running" || row.state === "waiting";
  return html`<li class=${chosen ? "chosen" : ""} data-work-id=${row.id} data-state=${row.state}>
    <div class="row"><button type="button" class="btn plain strong" aria-current=${chosen ? "true" : undefined} onClick=${onOpen}>${KINDS[row.kind]?.title ?? row.kind}</button>
      <${Badge} kind=${TONES[row.state]}>${row.state}<//><span class="soft small"><${Since} at=${row.asked_at} /> ago</span><span style=${{ flex: 1 }}></span>
      ${goes && html`<${Button} onClick=${cancel} aria-label=${`cancel the ${row.kind} asked at ${row.asked_at}`}>Cancel<//>`}</div>
    <p class="soft small">${optionsText(row.options)}</p>
    ${goes && html`<${Progress} row=${row} />`}
    ${error && html`<p class="wait small" role="alert">${error.message}</p>`}
  </li>`;
}

export const Progress = ({ row }) => html`<div class=${"progress" + (row.progress === null && row.state === "running" ? " unknown" : "")} role="progressbar" aria-label=${`progress of the ${row.kind}`}
    aria-valuemin="0" aria-valuemax="100" aria-valuenow=${row.progress === null ? undefined : Math.round(row.progress * 100)}>
    <div style=${row.progress === null ? {} : { width: `${row.progress * 100}%` }}></div></div>
  <p class="soft tiny">${[row.progress !== null && percent(row.progress, { digits: 0 }), row.text].filter(Boolean).join(", ") || (row.state === "running" ? "begins; the first run of a version compiles the rules, half a minute" : "waits for its turn")}</p>`;

/* One piece of work */

function Work({ row, agents }) {
  const took = row.started_at && row.ended_at ? age((new Date(row.ended_at) - new Date(row.started_at)) / 1000) : null;
  return html`<div class="head"><h2 style=${{ fontSize: "1.05rem" }}>${KINDS[row.kind]?.title ?? row.kind}</h2><${Badge} kind=${TONES[row.state]}>${row.state}<//>
      <span class="soft small">asked <${Time} at=${row.asked_at} shape="minute" /> by ${row.by}${took ? `, took ${took}` : ""}</span><span class="space"></span>
      ${row.report && html`<a class="btn" data-report href=${url(`work/${part(row.id)}/report`)} target="_blank" rel="noopener">Open the report</a>`}</div>
    <p class="soft small">${optionsText(row.options)}</p>
    ${row.error && html`<div class="shout bad" role="alert"><b>${row.state === "cancelled" ? "Cancelled" : "Failed"}</b><span style=${{ whiteSpace: "pre-wrap" }}>${row.error}</span></div>`}
    ${(row.state === "running" || row.state === "waiting") && html`<${Card} title="Under way"><${Progress} row=${row} /><//>`}
    ${row.answer && html`<${Told} row=${row} agents=${agents} />`}`;
}

function Told({ row, agents }) {
  const [state, setState] = useState({});
  useEffect(() => {
    const control = new AbortController();
    get(`work/${part(row.id)}/answer`, null, control.signal).then((answer) => setState({ answer }), (error) => { if (error.name !== "AbortError") setState({ error }); });
    return () => control.abort();
  }, [row.id]);
  if (state.error) return html`<${Failure} error=${state.error} />`;
  if (!state.answer) return html`<${Waiting} />`;
  return html`${FOUND.has(row.kind) && agents?.length > 0 && html`<${Adopt} row=${row} answer=${state.answer} agents=${agents} />`}<${Result} kind=${row.kind} answer=${state.answer} work=${row} />`;
}

/** What was found, put in force for an agent, with this work as its evidence. */
function Adopt({ row, answer, agents }) {
  const [agent, setAgent] = useState("");
  const [open, setOpen] = useState(false);
  return html`<div class="acts" data-adopt><${Button} disabled=${!agent} onClick=${() => setOpen(true)}>Put what it found in force\u2026<//>
    <label class="acts small"><span class="soft">for</span><select class="btn" value=${agent} onChange=${(event) => setAgent(event.target.value)}><option value="" selected=${!agent}>choose an agent</option>${agents.map((each) => html`<option key=${each.agent} value=${each.agent} selected=${each.agent === agent}>${each.agent}</option>`)}</select></label>
    ${open && html`<${ApplyDialog} agent=${agent} asked=${{ strategy: answer.strategy, given: "", work: row.id }} onClose=${() => setOpen(false)} />`}</div>`;
}

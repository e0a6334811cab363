// An agent of our own: named, told what to trade, and kept running by the server.

import { html, useRef, useState } from "../vendor/preact.js";
import { newKey, post } from "../api.js";
import { announce, Button, Dialog, Field } from "../components.js";
import { go } from "../router.js";
import { begun } from "../store.js";
import { Refusal } from "./command.js";
import { wrongOf } from "./problems.js";

const MODES = [["paper", "paper: live candles, no money"], ["testnet", "testnet: orders to the test exchange"], ["live", "live: real money"]];
const PROVIDERS = [["auto", "live, else kept, else simulated"], ["binance", "binance"], ["simulated", "simulated"]];
export const STRATEGIES = ["rsi", "sma", "order_block", "liquidity_sweep", "fair_value_gap"];
const LISTS = ["symbols", "reasoning.strategies"];
const FIELDS = [
  { name: "name", label: "Name", required: true, hint: "of the agent and of its journal" },
  { name: "mode", label: "Mode", choices: MODES, initial: "paper" },
  { name: "provider", label: "Market data", choices: PROVIDERS, initial: "auto" },
  { name: "symbols", label: "Symbols", initial: "BTC-USDT", hint: "several with commas" },
  { name: "reasoning.strategies", label: "Strategies", list: STRATEGIES, hint: "several with commas; empty: what the configuration says" },
  { name: "timeframe", label: "Candles", initial: "1m" },
  { name: "interval_seconds", label: "Seconds between cycles", initial: "60", number: true },
];

const NAMES = FIELDS.map((field) => field.name);

export function BeginAgent({ onBegun }) {
  const [open, setOpen] = useState(false);
  return html`<${Button} data-begin-agent onClick=${() => setOpen(true)}>Start an agent\u2026<//>
    ${open && html`<${BeginDialog} onBegun=${onBegun} onClose=${() => setOpen(false)} />`}`;
}

function BeginDialog({ onBegun, onClose }) {
  const [given, setGiven] = useState(() => Object.fromEntries(FIELDS.map((field) => [field.name, field.initial ?? ""])));
  const [state, setState] = useState({});
  const key = useRef(newKey());
  const sent = useRef(false);
  const set = (name, value) => setGiven((old) => ({ ...old, [name]: value }));
  async function send(event) {
    event.preventDefault();
    if (sent.current || !given.name.trim()) return;
    sent.current = true;
    setState({ busy: true });
    try {
      await post("agents", { name: given.name.trim(), settings: settingsOf(given), reason: given.reason ?? "", key: key.current }, key.current);
      announce(`${given.name} is started`);
      begun.write((old) => ({ ...old, [given.name.trim()]: Date.now() }));
      onBegun?.(given.name.trim());
      onClose();
      go(`/agents/${encodeURIComponent(given.name.trim())}`);
    } catch (error) {
      sent.current = false;
      if (error.status >= 400 && error.status < 500) key.current = newKey();
      setState({ error });
    }
  }
  return html`<${Dialog} title="Start an agent" onClose=${onClose}>
    <form class="stack" onSubmit=${send} data-command="begin" novalidate>
      <p>It runs as a process of its own, is started again after a crash and not after a halt, and goes on when this server ends.</p>
      <div class="fields">${FIELDS.map((field) => html`<${Asked} key=${field.name} field=${field} value=${given[field.name]} set=${(value) => set(field.name, value)} error=${state.error} />`)}</div>
      <${Field} label="Other settings, a name=value a line" hint="such as risk.daily_loss=2%" wrong=${wrongOf(state.error, "settings", NAMES)}>${(id) => html`<textarea id=${id} name="more" rows="2" spellcheck=${false} onInput=${(event) => set("more", event.target.value)}></textarea>`}<//>
      <${Field} label="Reason (kept with the agent and in the server's log)">${(id) => html`<input id=${id} name="reason" maxlength="2000" onInput=${(event) => set("reason", event.target.value)} />`}<//>
      ${state.error && html`<${Refusal} error=${state.error} />`}
      <div class="acts"><button class="btn main-act" data-send aria-disabled=${String(!given.name.trim())}>${state.busy ? "Starting\u2026" : "Start it"}</button>
        <${Button} kind="plain" onClick=${onClose}>Cancel<//></div>
    </form><//>`;
}

function Asked({ field, value, set, error }) {
  const wrong = wrongOf(error, field.name);
  return html`<${Field} label=${field.label} hint=${field.hint} wrong=${wrong}>${(id) => field.choices
    ? html`<select id=${id} name=${field.name} onChange=${(event) => set(event.target.value)}>${field.choices.map(([key, text]) => html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`)}</select>`
    : html`<input id=${id} name=${field.name} value=${value} required=${field.required} autofocus=${field.required} list=${field.list && "begin-strategies"} autocomplete="off" inputmode=${field.number ? "decimal" : undefined} onInput=${(event) => set(event.target.value)} />
      ${field.list && html`<datalist id="begin-strategies">${field.list.map((each) => html`<option key=${each} value=${each}></option>`)}</datalist>`}`}<//>`;
}

/** What was typed as settings by dotted names; what is empty is left to the configuration. */
function settingsOf(given) {
  const settings = {};
  for (const { name } of FIELDS.slice(1)) if (given[name].trim()) settings[name] = given[name].trim();
  for (const name of LISTS) if (settings[name]) settings[name] = settings[name].split(",").map((each) => each.trim()).filter(Boolean);
  for (const line of (given.more ?? "").split("\n").map((each) => each.trim()).filter(Boolean)) {
    const [name, ...rest] = line.split("=");
    settings[name.trim()] = rest.join("=").trim();
  }
  return settings;
}

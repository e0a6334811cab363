// A cycle a row; opened: why it came out as it did. The address names agent, filters and the cycle that is open.

import { html, useEffect, useState } from "../vendor/preact.js";
import { part } from "../api.js";
import { Answered, Button, Card, Empty, Input, Select, Table, Time } from "../components.js";
import { amount, count, outcomeOf, plain, words } from "../format.js";
import { useQuery } from "../router.js";
import { rowOf, useAnswer } from "../store.js";
import { Outcome, Why } from "../why.js";
import { Older, usePages } from "./paged.js";

const OUTCOMES = ["executed", "denied", "held", "failed", "interrupted"];
const PAGE = 60;
const MOST = 500;
const SIDE = 20;

/** What a cycle decided of each symbol, and which rule denied it. */
export const Conclusions = ({ row }) => html`<ul class="said">${row.decisions.map((each) => html`<li key=${each.symbol}>
  <span class=${"action " + each.action}>${each.action}</span> ${each.symbol}
  ${each.action !== "HOLD" && html`<span class="soft figure"> ${plain(each.confidence, 0)}</span>`}
  ${each.verdict && each.verdict !== "approved" && html`<span class="wait"> ${words(each.verdict)}</span>`}</li>`)}
  ${row.error && html`<li class="down">${row.error}</li>`}</ul>`;

export default function Decisions({ agent, row }) {
  const [query, change] = useQuery();
  const filters = { outcome: query.outcome, acted: query.acted, rule: query.rule, symbol: query.symbol, since: instant(query.since), until: instant(query.until, 1) };
  const open = query.cycle ?? null;
  const choose = (cycle) => change({ agent, cycle }, { replace: open !== null && cycle !== null });
  return html`<${Filters} query=${query} change=${change} symbols=${row?.symbols ?? []} />
    <div class=${"reading" + (open === null ? "" : " open")}>
      <${Cycles} key=${JSON.stringify(filters)} agent=${agent} filters=${filters} open=${open} onOpen=${choose} />
      <div class="opened">${open === null
        ? html`<div class="card hint"><${Empty} title="No cycle is open.">Choose one: what it saw, how each voice voted, what each rule measured, and the smallest change that would have turned it.<//></div>`
        : html`<${Opened} agent=${agent} cycle=${open} onOpen=${choose} />`}</div>
    </div>`;
}

/** The beginning of a day of the address, in UTC, or so many days later. */
function instant(day, later = 0) {
  const at = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(at) ? day : new Date(at + later * 86_400_000).toISOString();
}

function Filters({ query, change, symbols }) {
  const set = (name) => (value) => change({ [name]: value || null });
  const any = ["outcome", "acted", "rule", "symbol", "since", "until"].some((name) => query[name]);
  return html`<form class="filters" role="search" aria-label="filter cycles" onSubmit=${(event) => event.preventDefault()}>
    <${Select} label="Outcome" value=${query.outcome ?? ""} options=${[["", "any"], ...OUTCOMES.map((name) => [name, outcomeOf(name)])]} onChange=${set("outcome")} />
    <${Button} aria-pressed=${String(query.acted === "true")} data-acted onClick=${() => change({ acted: query.acted === "true" ? null : "true" })}>Without “no action”<//>
    <${Select} label="Symbol" value=${query.symbol ?? ""} options=${[["", "all"], ...symbols.map((name) => [name, name])]} onChange=${set("symbol")} />
    <${Rule} key=${query.rule ?? ""} rule=${query.rule ?? ""} onRule=${set("rule")} />
    <${Input} label="Since (UTC day)" type="date" value=${query.since ?? ""} onChange=${set("since")} />
    <${Input} label="Until (UTC day)" type="date" value=${query.until ?? ""} onChange=${set("until")} />
    ${any && html`<${Button} kind="plain" onClick=${() => change({ outcome: null, acted: null, rule: null, symbol: null, since: null, until: null })}>Clear<//>`}
  </form>`;
}

/** Typed text is the page's own until it is sent, so that nothing that happens meanwhile takes it away. */
function Rule({ rule, onRule }) {
  const [text, setText] = useState(rule);
  const send = () => { if (text.trim() !== rule) onRule(text.trim()); };
  return html`<${Input} label="Denied by rule" value=${text} placeholder="any, such as min_confidence" onChange=${setText} onBlur=${send}
    onKeyDown=${(event) => { if (event.key === "Enter") send(); }} />`;
}

function Cycles({ agent, filters, open, onOpen }) {
  const path = `agents/${part(agent)}/cycles`;
  const { first, items, next, busy, error, more } = usePages(path, filters, { on: rowOf(agent, "cycle_ended"), limit: PAGE, id: (row) => row.cycle });
  useShown(open, items, next, more);
  const filtered = Object.values(filters).some(Boolean);
  return html`<${Card} title="Cycles" flush kind="list">
    <${Answered} of=${first}>${() => items.length === 0
      ? html`<${Empty} title=${filtered ? "No cycle fits the filters." : "No cycle yet."} command=${filtered ? null : `agent run --journal ${agent}`}>${filtered ? "Clear them to see all." : "Each cycle appears here the moment it ends."}<//>`
      : html`<${Table} caption="cycles, newest first" id=${(row) => String(row.cycle)} rows=${items} chosen=${open} tall="calc(100vh - 13rem)"
          onOpen=${(row) => onOpen(String(row.cycle))} columns=${columns(onOpen, open)} />
        <${Older} next=${next} busy=${busy} error=${error} more=${more} />`}<//>
  <//>`;
}

/** Bring the cycle that is open into the list, and the list to it: what lies between is read too, up to some pages. */
function useShown(open, items, next, more) {
  const there = items.some((row) => String(row.cycle) === open);
  const known = items.length > 0;
  useEffect(() => {
    if (open === null || !known || there || !next) return;
    const far = Math.min(MOST, Number(next) - Number(open) + SIDE);
    if (far > 0) more(far);
  }, [open, known]);
  useEffect(() => {
    const box = document.querySelector(".list .scroll");
    const row = box?.querySelector("tr.chosen");
    if (row) box.scrollTop = Math.max(0, row.offsetTop - box.clientHeight / 3);
  }, [open, there]);
}

const columns = (onOpen, open) => [
  { name: "cycle", title: "Cycle", num: true, head: true, cell: (row) => html`<button type="button" class="link" aria-expanded=${String(open === String(row.cycle))} onClick=${() => onOpen(String(row.cycle))}>${count(row.cycle)}</button>` },
  { name: "at", title: "Time", cell: (row) => html`<${Time} at=${row.at} shape="short" />` },
  { name: "outcome", title: "Outcome", cell: (row) => html`<${Outcome} outcome=${row.outcome} />` },
  { name: "decisions", title: "Decisions", cell: (row) => html`<${Conclusions} row=${row} />` },
  { name: "equity", title: "Equity", num: true, wide: true, kind: "extra", cell: (row) => amount(row.equity, { places: 2 }) },
];

function Opened({ agent, cycle, onOpen }) {
  const answer = useAnswer(`agents/${part(agent)}/cycles/${part(cycle)}`, {}, { on: (event) => rowOf(agent, "order_reported", "cycle_ended")(event) && String(event.data.body?.cycle) === String(cycle) });
  useEffect(() => { if (matchMedia("(max-width: 75rem)").matches) document.querySelector(".opened")?.scrollIntoView({ block: "start" }); }, [cycle]);
  const at = Number(answer.data?.cycle ?? cycle);
  const side = html`<div class="acts">
    <${Button} aria-label="cycle before" disabled=${!(at > 1)} onClick=${() => onOpen(String(at - 1))}>\u2039<//>
    <${Button} aria-label="cycle after" disabled=${!at} onClick=${() => onOpen(String(at + 1))}>\u203a<//>
    <${Button} kind="plain" onClick=${() => onOpen(null)}>Close<//></div>`;
  return html`<${Card} title=${`Cycle ${Number.isNaN(at) ? cycle : count(at)}`} side=${side} kind="why">
    <${Answered} of=${answer}>${(data) => html`<${Why} why=${data} agent=${agent} />`}<//>
  <//>`;
}

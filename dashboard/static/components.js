// The parts that pages are made of. Each draws what it is given; none asks the API.

import { h, html, useEffect, useLayoutEffect, useRef, useState } from "./vendor/preact.js";
import { age, amount, percent, signOf, spoken, time } from "./format.js";
import { live, useCell, useNow, zone } from "./store.js";

export { h, html };

/** A card with a heading. `flush`: a table or a chart goes to its edges. */
export function Card({ title, note, side, flush, children, id, kind = "" }) {
  const heading = id ?? "card-" + String(title).toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return html`<section class=${"card " + kind} aria-labelledby=${heading}>
    <header><h2 id=${heading}>${title}</h2>${note && html`<p>${note}</p>`}<span class="space"></span>${side}</header>
    <div class=${"body" + (flush ? " flush" : "")}>${children}</div>
  </section>`;
}

/** Figures side by side: [{ name, value, below }]. */
export const Tiles = ({ label, rows }) => html`<dl class="tiles" aria-label=${label}>
  ${rows.filter(Boolean).map(({ name, value, below, tone = "" }) => html`<div key=${name}>
    <dt>${name}</dt><dd class=${tone}>${value}<small>${below ?? ""}</small></dd></div>`)}
</dl>`;

/** Names and values: [[name, value]]. */
export const Pairs = ({ rows }) => html`<dl class="pairs">
  ${rows.filter(Boolean).map(([name, value]) => [html`<dt>${name}</dt>`, html`<dd>${value}</dd>`])}
</dl>`;

/** An instant by the reader's choice of zone, with the exact one as its title. */
export function Time({ at, shape = "second" }) {
  const chosen = useCell(zone);
  if (!at) return html`<span class="soft">${time(at)}</span>`;
  return html`<time datetime=${at} title=${String(at)} class="figure">${time(at, shape, chosen)}</time>`;
}

/** The time since an instant, ticking. */
export function Since({ at }) {
  const now = useNow();
  if (!at) return html`<span class="soft">${age(null)}</span>`;
  return html`<time datetime=${at} title=${String(at)} class="figure">${age((now - new Date(at)) / 1000)}</time>`;
}

const LONG_MS = 36 * 3600_000;
/** How long ago an instant was; one of another day (a replayed market's) is told as it is. */
export function Ago({ at }) {
  const now = useNow();
  if (!at) return null;
  return Math.abs(now - new Date(at)) > LONG_MS ? html`<${Time} at=${at} shape="minute" />` : html`<span><${Since} at=${at} /> ago</span>`;
}

/** An amount with its sign as a word would say it: +, − and colour. */
export function Signed({ value, places, unit }) {
  const side = signOf(value);
  return html`<span class=${"figure " + (side > 0 ? "up" : side < 0 ? "down" : "")}>${amount(value, { places, sign: true })}${unit && html` <span class="soft small">${unit}</span>`}</span>`;
}

/** A fraction with its sign and colour. */
export function Share({ value, digits = 2 }) {
  const text = percent(value, { digits, sign: true });
  const side = !/[1-9]/.test(text) ? "" : value > 0 ? "up" : value < 0 ? "down" : "";
  return html`<span class=${"figure " + side}>${text}</span>`;
}

export const Badge = ({ kind = "", title, children }) => html`<span class=${"badge " + kind} title=${title}>${children}</span>`;
export const Dot = ({ kind = "quiet", hollow }) => html`<span class=${"dot " + kind + (hollow ? " hollow" : "")} aria-hidden="true"></span>`;

/** A button. `kind`: "", "main-act", "bad", "plain". */
export const Button = ({ kind = "", children, ...rest }) => html`<button type="button" class=${"btn " + kind} ...${rest}>${children}</button>`;

/** A labelled input: `Field` draws the label, the control is the child, which is a function of the id. */
let fields = 0;
export function Field({ label, hint, wrong, children }) {
  const id = useRef(null);
  id.current ??= `field-${++fields}`;
  return html`<div class="field"><label for=${id.current}>${label}</label>${children(id.current)}
    ${hint && html`<small>${hint}</small>`}${wrong && html`<small class="wrong" role="alert">${wrong}</small>`}</div>`;
}

export const Select = ({ label, value, options, onChange }) => html`<${Field} label=${label}>
  ${(id) => html`<select id=${id} value=${value} onChange=${(event) => onChange(event.target.value)}>
    ${options.map(([key, text]) => html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`)}
  </select>`}
<//>`;

export const Input = ({ label, hint, wrong, onChange, ...rest }) => html`<${Field} label=${label} hint=${hint} wrong=${wrong}>
  ${(id) => html`<input id=${id} onInput=${(event) => onChange(event.target.value)} ...${rest} />`}
<//>`;

/** One of a few: [[key, text]]. */
export const Choice = ({ label, value, options, onChange }) => html`<div class="tabs" role="group" aria-label=${label}>
  ${options.map(([key, text]) => html`<button type="button" key=${key} aria-pressed=${String(key === value)} onClick=${() => onChange(key)}>${text}</button>`)}
</div>`;

/**
 * A table. `columns`: { name, title, num, wide (left out on a phone), kind (a class), head (the row's own name), cell(row), title }.
 * `caption` is for those who hear the page; `onOpen(row)` makes rows pressable; `tall` scrolls inside; `detail(row)` is
 * what stands below a row over its whole width, where there is anything.
 */
export function Table({ caption, columns, rows, id = (row, k) => k, onOpen, chosen, tall, rowClass, detail }) {
  const kind = (column) => [column.num && "num", column.wide && "wide", column.kind].filter(Boolean).join(" ");
  const box = useRef(null);
  const scrolls = useScrolls(box);
  useHeld(box, rows, id);
  return html`<div ref=${box} class=${"scroll" + (tall ? " tall" : "")} style=${tall ? { "--tall": tall } : undefined}
    ...${scrolls || tall ? { tabindex: "0", role: "region", "aria-label": caption } : {}}>
    <table><caption class="unseen">${caption}</caption>
    <thead><tr>${columns.map((column) => column.title ? html`<th key=${column.name} scope="col" class=${kind(column)}>${column.title}</th>` : html`<td key=${column.name}></td>`)}</tr></thead>
    <tbody>${rows.map((row, k) => {
      const key = id(row, k);
      const open = onOpen && ((event) => { if (!event.target.closest("a,button,input,select")) onOpen(row); });
      const looks = [onOpen && "opens", key === chosen && "chosen", rowClass?.(row)].filter(Boolean).join(" ");
      const below = detail?.(row);
      const more = below && html`<tr key=${`${key} detail`} class="detail"><td colspan=${columns.length}>${below}</td></tr>`;
      return [html`<tr key=${key} class=${looks} onClick=${open}>
        ${columns.map((column) => column.head
          ? html`<th key=${column.name} scope="row" class=${kind(column)}>${column.cell(row)}</th>`
          : html`<td key=${column.name} class=${kind(column)}>${column.cell(row)}</td>`)}
      </tr>`, more];
    })}</tbody></table>
  </div>`;
}

/** Keep in its place what is read in a table that scrolls, while new rows come on top of it; at the top they are seen. */
function useHeld(box, rows, id) {
  const first = useRef({ id: null, top: 0 });
  useLayoutEffect(() => {
    const lines = [...box.current.querySelectorAll("tbody > tr:not(.detail)")];
    const topOf = (line) => line.getBoundingClientRect().top - box.current.getBoundingClientRect().top + box.current.scrollTop;
    const before = first.current;
    const at = rows.findIndex((row, k) => id(row, k) === before.id);
    if (at > 0 && box.current.scrollTop > 0) box.current.scrollTop += topOf(lines[at]) - before.top;
    first.current = rows.length > 0 ? { id: id(rows[0], 0), top: topOf(lines[0]) } : { id: null, top: 0 };
  }, [rows]);
}

/** Whether a box is wider inside than out, so that only what scrolls is a stop of the keyboard. */
function useScrolls(box) {
  const [scrolls, setScrolls] = useState(false);
  useEffect(() => {
    const look = () => setScrolls(box.current !== null && box.current.scrollWidth > box.current.clientWidth + 1);
    const watched = new ResizeObserver(look);
    watched.observe(box.current);
    if (box.current.firstElementChild) watched.observe(box.current.firstElementChild);
    return () => watched.disconnect();
  }, []);
  return scrolls;
}

/** Nothing here yet: what it would be, and what to do next, with the command. */
export const Empty = ({ title, children, command }) => html`<div class="empty"><b>${title}</b>
  ${children && html`<p>${children}</p>`}${command && html`<${Command} text=${command} />`}</div>`;

/** A command to copy. */
export function Command({ text }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    try { await navigator.clipboard.writeText(text); setDone(true); setTimeout(() => setDone(false), 1500); } catch (_) { /* select it by hand */ }
  };
  return html`<span class="command"><code>${text}</code>
    <button type="button" class="btn plain tiny" aria-label=${`copy ${text}`} onClick=${copy}>${done ? "copied" : "copy"}</button></span>`;
}

export const Waiting = ({ text = "reading\u2026" }) => html`<div class="waiting" role="status">${text}</div>`;

/** What an answer that is none is called, by its status. */
export const TITLES = { 0: "Not answered", 401: "Signed out", 403: "Not allowed", 404: "Not there", 409: "Not now", 412: "Not proven", 422: "Not accepted", 429: "Too many", 503: "Not yet" };

/** What went wrong, in the server's words, and a way to try again. */
export const Failure = ({ error, again, title }) => html`<div class="failure" role="alert"><b>${title ?? TITLES[error.status] ?? "Failed"}</b>
  <p>${spoken(error.message)}</p>${error.field && html`<p class="soft small">${error.field}${error.value ? `: ${error.value}` : ""}${error.limit ? `, limit ${error.limit}` : ""}</p>`}
  ${again && html`<div><${Button} onClick=${again}>Try again<//></div>`}</div>`;

/** An answer of useAnswer: what is known already stays on the page while it is asked again. */
export function Answered({ of, children, empty }) {
  if (of.data === null) return of.error ? html`<${Failure} error=${of.error} again=${of.again} />` : of.loading ? html`<${Waiting} />` : null;
  if (empty && empty.when(of.data)) return html`<${Empty} ...${empty}>${empty.text}<//>`;
  return html`<div class="stack">${of.error && html`<${Failure} error=${of.error} again=${of.again} />`}${children(of.data)}</div>`;
}

/** A share of a limit that is used. */
export function Gauge({ label, used, text, failed, denies }) {
  const share = used === null || used === undefined ? null : Math.max(0, Math.min(1, used));
  const kind = share === null ? "" : denies ? "wait" : failed || share >= 1 ? "bad" : share >= 0.75 ? "wait" : "";
  return html`<div class="gauge" role="meter" aria-label=${label} aria-valuemin="0" aria-valuemax="100"
    aria-valuenow=${share === null ? 0 : Math.round(share * 100)} aria-valuetext=${text}>
    <div class="track"><div class=${"fill " + kind} style=${{ width: `${(share ?? 0) * 100}%` }}></div></div></div>`;
}

// The six states of the loop in its own names, and in short.
const STEPS = { IDLE: "idle", PERCEPTION: "perceive", REASONING: "reason", RISK_CHECK: "risk", EXECUTION: "execute", LEARNING: "learn" };
/** Where in its loop an agent is. */
export function Ooda({ state, paused, running = true }) {
  const now = running ? String(state ?? "") : "";
  const said = !running ? "not running" : paused ? "paused" : STEPS[now] ?? "waiting";
  return html`<ol class="ooda" aria-label=${`loop: ${said}`}>
    ${Object.entries(STEPS).map(([step, text]) => html`<li key=${step} aria-current=${step === now ? "step" : undefined}>${text}</li>`)}
    ${paused && html`<li key="paused" class="held" aria-current="step">paused</li>`}
  </ol>`;
}

/** The latest state told of an agent: the stream's where there is one, else the row's. */
export function useLive(row) {
  const told = useCell(live)[row?.agent];
  return { state: told?.state ?? row?.state ?? null, paused: told?.paused ?? row?.paused ?? false, running: row?.running ?? told?.running ?? false, cycle: Math.max(told?.cycle ?? 0, row?.cycle ?? 0) };
}

/** A dialog: the browser keeps the focus inside and gives it back; Escape closes. */
export function Dialog({ title, onClose, broad, children }) {
  const box = useRef(null);
  useEffect(() => {
    const node = box.current;
    const before = document.activeElement;
    node.showModal();
    return () => { if (node.open) node.close(); before?.focus?.(); };
  }, []);
  return html`<dialog ref=${box} class=${broad ? "broad" : ""} aria-labelledby="dialog-title" onCancel=${(event) => { event.preventDefault(); onClose(); }}
    onClick=${(event) => { if (event.target === box.current) onClose(); }}>
    <header><h2 id="dialog-title">${title}</h2><${Button} kind="plain" aria-label="close" onClick=${onClose}>\u2715<//></header>
    <div class="body">${children}</div>
  </dialog>`;
}

/** A chart of charts/: `draw(root)` makes it once and returns { set, remove }; `data` is set at each change, as `label` is. */
export function Chart({ draw, data, label, kind = "", again = "" }) {
  const root = useRef(null);
  const made = useRef(null);
  const failed = useRef(false);
  useEffect(() => {
    let ended = false;
    failed.current = false;
    Promise.resolve(draw(root.current, data)).then((chart) => {
      if (ended) chart?.remove?.();
      else {
        made.current = { chart, data };
        named(root.current, label);
      }
    }).catch((error) => {
      if (!ended) root.current.textContent = `The chart cannot be drawn: ${error.message}`;
    });
    return () => {
      ended = true;
      made.current?.chart?.remove?.();
      made.current = null;
      root.current?.replaceChildren();
    };
  }, [again]);
  useEffect(() => {
    if (made.current && made.current.data !== data) {
      made.current.data = data;
      made.current.chart?.set?.(data);
    }
    named(root.current, label);
  }, [data, label]);
  return html`<div class=${"chart " + kind} ref=${root}></div>`;
}

/** What a chart is and shows, for those who do not see it; as new as the chart. */
function named(root, label) {
  if (label) root?.querySelector("[role=img]")?.setAttribute("aria-label", label);
}

/** The same as a table, for those who do not see the chart or want the numbers. */
export function Alternative({ label, children }) {
  const [open, setOpen] = useState(false);
  return html`<details class="alternative" onToggle=${(event) => setOpen(event.target.open)}><summary>${label}</summary>${open && children}</details>`;
}

let speak = () => {};
/** Say something once to a screen reader, politely; what was said last is not repeated. */
export const announce = (text) => speak(text);
export function Announcer() {
  const [text, setText] = useState("");
  useEffect(() => { speak = setText; return () => { speak = () => {}; }; }, []);
  return html`<p class="unseen" role="status" aria-live="polite">${text}</p>`;
}

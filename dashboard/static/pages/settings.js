// The settings in force, where each comes from, and those that may change while an agent runs.

import { html, useState } from "../vendor/preact.js";
import { Answered, Badge, Button, Card, Choice, Field, Input, Table } from "../components.js";
import { CommandDialog } from "../controls/command.js";
import { useQuery } from "../router.js";
import { rowOf, useAnswer } from "../store.js";
import { part } from "../api.js";

const shown = (value) => (value === null || value === undefined || value === "" ? "none" : Array.isArray(value) ? value.join(", ") || "none" : typeof value === "object" ? JSON.stringify(value) : String(value));

export default function Settings({ agent }) {
  const [query, setQuery] = useQuery();
  const [asked, setAsked] = useState(null);
  const answer = useAnswer(`agents/${part(agent)}/settings`, null, { on: rowOf(agent, "settings_changed", "session_started") });
  const only = query.only ?? "all";
  return html`<${Answered} of=${answer}>${(rows) => html`
    <div class="filters">
      <${Input} label="Find" type="search" value=${query.find ?? ""} onChange=${(find) => setQuery({ find })} />
      <${Choice} label="which settings" value=${only} options=${[["all", "all"], ["changeable", "may change now"], ["changed", "changed"], ["set", "not the default"]]} onChange=${(name) => setQuery({ only: name === "all" ? null : name })} />
    </div>
    ${sections(rows.filter((row) => fits(row, query.find ?? "", only))).map(([name, own]) => html`<${Section} key=${name} name=${name} rows=${own} onChange=${setAsked} />`)}`}<//>
    ${asked && html`<${ChangeDialog} agent=${agent} row=${asked} onDone=${answer.again} onClose=${() => setAsked(null)} />`}`;
}

function fits(row, find, only) {
  if (only === "changeable" && !row.changeable) return false;
  if (only === "changed" && !row.changed) return false;
  if (only === "set" && row.source === "default") return false;
  return `${row.name} ${row.description ?? ""}`.toLowerCase().includes(find.toLowerCase());
}

function sections(rows) {
  const found = new Map();
  for (const row of rows) {
    const name = row.name.includes(".") ? row.name.split(".")[0] : "general";
    found.set(name, [...(found.get(name) ?? []), row]);
  }
  return [...found].sort((a, b) => changeables(b[1]) - changeables(a[1]));
}

const changeables = (rows) => rows.filter((row) => row.changeable).length;

function Section({ name, rows, onChange }) {
  const columns = [
    { name: "name", title: "Setting", head: true, cell: (row) => html`<code title=${row.name}>${row.name.slice(row.name.indexOf(".") + 1)}</code>` },
    { name: "value", title: "In force", cell: (row) => html`<span class="figure" style=${{ whiteSpace: "normal" }}>${shown(row.value)}</span>${row.changed && html` <${Badge} kind="wait" title=${row.changed}>changed<//>`}` },
    { name: "source", title: "From", wide: true, cell: (row) => html`<span class="soft">${row.source}</span>` },
    { name: "change", title: "", cell: (row) => row.changeable && html`<${Button} data-change=${row.name} aria-label=${`change ${row.name}`} onClick=${() => onChange(row)}>Change\u2026<//>` },
  ];
  return html`<${Card} title=${name} flush kind="settings"><${Table} caption=${`settings ${name}`} columns=${columns} rows=${rows} id=${(row) => row.name} detail=${(row) => row.description && html`<span class="small">${row.description}</span>`} /><//>`;
}

function ChangeDialog({ agent, row, onDone, onClose }) {
  const more = (given, set, wrong) => html`
    <${Field} label=${row.name} hint=${[row.description, row.limits].filter(Boolean).join("; ")} wrong=${wrong(row.name) ?? wrong(row.name.split(".").at(-1)) ?? wrong("given")}>${(id) => html`
      <input id=${id} name="value" autocomplete="off" value=${given.value} onInput=${(event) => set({ value: event.target.value, back: false })} />`}<//>
    ${row.changed && html`<label class="check"><input type="checkbox" name="back" checked=${given.back ?? false} onChange=${(event) => set({ back: event.target.checked })} /><span>back to what the settings say</span></label>`}
    <label class="check"><input type="checkbox" name="loosen" checked=${given.loosen ?? false} onChange=${(event) => set({ loosen: event.target.checked })} />
      <span>loosen a limit of a live account, if this does</span></label>`;
  const body = (given) => ({ given: given.back ? {} : { [row.name]: valueOf(given.value, row.value) }, back: given.back ? [row.name] : [], loosen: given.loosen ?? false });
  return html`<${CommandDialog} name="settings" title=${`Change ${row.name}`} agent=${agent} given=${{ value: row.value === null ? "" : shown(row.value) }} more=${more} body=${body} onDone=${onDone} onClose=${onClose} />`;
}

/** What was typed as JSON has it: a number where one was, nothing where it is empty; the server judges it. */
function valueOf(text, before) {
  const value = text.trim();
  if (value === "" || value === "none") return null;
  return typeof before === "number" && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

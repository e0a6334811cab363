// Why a cycle came out as it did (struct Explanation): seen, voted, judged, ordered, and what would have turned it.

import { html } from "./vendor/preact.js";
import { Badge, Pairs, Share, Table, Time } from "./components.js";
import { age, amount, count, outcomeOf, plain, words } from "./format.js";

const TONES = { executed: "good", denied: "wait", failed: "bad", interrupted: "wait", held: "quiet" };
const SHORT = { IDLE: "idle", PERCEPTION: "perceive", REASONING: "reason", RISK_CHECK: "risk", EXECUTION: "execute", LEARNING: "learn" };

/** A cycle's outcome, in its colour. */
export const Outcome = ({ outcome }) => html`<${Badge} kind=${TONES[outcome] ?? "quiet"}>${outcomeOf(outcome)}<//>`;

export function Why({ why }) {
  return html`<div class="stack">
    <div class="acts"><${Outcome} outcome=${why.outcome} /><${Time} at=${why.at} />
      <span class="soft small">${why.mode}, session ${why.session}${why.lessons ? `, ${why.lessons} ${why.lessons === 1 ? "lesson" : "lessons"} learned` : ""}</span></div>
    <${Path} path=${why.path} />
    ${why.error && html`<p class="shout bad"><b>${words(why.error.type ?? why.error.kind ?? "Error")}</b><span>${why.error.message ?? why.error.text ?? JSON.stringify(why.error)}</span></p>`}
    ${Object.entries(why.blocked).map(([symbol, reason]) => html`<p key=${symbol} class="shout wait"><b>Entries blocked${symbol && `, ${symbol}`}</b><span>${reason}</span></p>`)}
    ${[...why.symbols].sort((a, b) => (b.verdict !== null) - (a.verdict !== null)).map((each) => html`<${Symbol} key=${each.symbol} of=${each} />`)}
    <${Orders} orders=${why.orders} />
    <${Versions} parameters=${why.parameters} />
  </div>`;
}

const Path = ({ path }) => html`<ol class="ooda" aria-label="states the cycle passed">${path.map((state, k) => html`<li key=${k}>${SHORT[state] ?? words(state)}</li>`)}</ol>`;

function Symbol({ of: { symbol, seen, decision, verdict, would_have_turned_it: turned } }) {
  return html`<section class="why-symbol" aria-label=${symbol}>
    <h3>${symbol}${decision && html` <span class=${"action " + decision.action}>${decision.action}</span>`}
      ${verdict && html` <${Badge} kind=${verdict.approved ? "good" : "wait"}>${verdict.approved ? "approved" : `denied: ${words(verdict.reason)}`}<//>`}</h3>
    ${turned && html`<${Turned} turned=${turned} />`}
    <h4>Seen</h4><${Seen} seen=${seen} />
    ${decision && html`<h4>Voted</h4><p class="small">${decision.reason_in_quote || decision.reason}</p>
      <p class="soft small">score ${plain(decision.score, 1)}, confidence ${plain(decision.confidence, 1)}, market ${decision.regime}</p><${Votes} of=${decision} />`}
    ${verdict && html`<h4>Judged</h4><${Judged} verdict=${verdict} />`}
  </section>`;
}

/** The smallest change of inputs that would have turned the outcome. */
const Turned = ({ turned }) => html`<div class="turned"><b>What would have turned it</b><p>${turned.text}</p>
  ${turned.close && html`<p class="soft small">close ${amount(turned.close)}, <${Share} value=${turned.change} />, then ${turned.action}${turned.gate && `; the gate: ${words(turned.gate)}`}</p>`}</div>`;

function Seen({ seen }) {
  const refused = Object.entries(seen.not_served_by);
  return html`<${Pairs} rows=${[
    ["price", html`${amount(seen.price)} <span class="soft">${age(seen.price_age_seconds)} old</span>`],
    ["candle", html`${seen.candle_close === null ? "none" : html`closed at ${amount(seen.candle_close)}`} <span class="soft">${seen.candle_opened_at && html`opened <${Time} at=${seen.candle_opened_at} shape="minute" />, `}${seen.new_candles} new</span>`],
    ["from", html`${seen.provider} <span class="soft">(${seen.source}, breaker ${seen.breaker}, fetched ${age(seen.fetched_age_seconds)} before)</span>`],
    refused.length > 0 && ["not served by", refused.map(([name, reason]) => html`<div key=${name}>${name}: ${reason}</div>`)],
    seen.findings.length > 0 && ["flaws", seen.findings.map((text, k) => html`<div key=${k} class="wait">${text}</div>`)],
    seen.headlines.length > 0 && ["headlines", seen.headlines.map((text, k) => html`<div key=${k}>${text}</div>`)],
  ]} />`;
}

const SAYS = { 1: "BUY", "-1": "SELL", 0: "\u2013" };

const Votes = ({ of: { voices, voices_in_quote: told = {} } }) => html`<${Table} caption="votes of each voice" rows=${voices} id=${(voice) => voice.name} columns=${[
  { name: "voice", title: "Voice", head: true, cell: (voice) => voice.name },
  { name: "says", title: "Says", cell: (voice) => html`<span class=${"action " + SAYS[voice.vote]}>${SAYS[voice.vote] ?? plain(voice.vote)}</span>` },
  { name: "confidence", title: "Confidence", num: true, cell: (voice) => html`<span class="vote"><i class=${voice.vote < 0 ? "sell" : "own"} style=${{ width: `${Math.min(100, Math.abs(voice.vote ? voice.confidence : 0))}%` }}></i></span>${plain(voice.confidence, 1)}` },
  { name: "weight", title: "Weight", num: true, cell: (voice) => plain(voice.weight, 3) },
  { name: "reason", title: "Because", kind: "because", cell: (voice) => html`${told[voice.name] ?? voice.reason}${Object.keys(voice.parts).length > 0 && html`<span class="soft"> (${Object.entries(voice.parts).map(([name, value]) => `${name} ${plain(value, 1)}`).join(", ")})</span>`}` },
]} />`;

function Judged({ verdict }) {
  const checks = [...verdict.checks].sort((a, b) => a.passed - b.passed);
  const failed = checks.filter((check) => !check.passed).length;
  return html`<p class="small">${verdict.approved ? html`Quantity <b class="figure">${amount(verdict.quantity)}</b>; ${verdict.sizing}` : verdict.detail}</p>
    <p class="soft small">${checks.length} rules, ${failed === 0 ? "all kept" : `${failed} not kept`}</p>
    <${Table} caption="each rule's measure and limit" rows=${checks} id=${(check, k) => check.rule + k} rowClass=${(check) => (check.passed ? "" : "failed")} columns=${[
      { name: "passed", title: "", cell: (check) => (check.passed ? html`<span class="up" title="kept">\u2713<span class="unseen"> kept</span></span>` : html`<span class="down strong" title="not kept">\u2717<span class="unseen"> not kept</span></span>`) },
      { name: "rule", title: "Rule", head: true, cell: (check) => words(check.rule) },
      { name: "measured", title: "Measured", num: true, cell: (check) => plain(check.measured) },
      { name: "limit", title: "Limit", num: true, cell: (check) => plain(check.limit) },
      { name: "note", title: "", wide: true, cell: (check) => html`<span class="soft">${check.note}</span>` },
    ]} />`;
}

const FATES = { FILLED: "good", REJECTED: "bad", EXPIRED: "wait", CANCELLED: "quiet", UNKNOWN: "bad" };

const Orders = ({ orders }) => html`<section class="why-symbol" aria-label="orders"><h3>Orders</h3>
  ${orders.length === 0 ? html`<p class="soft small">None was sent.</p>` : orders.map((order) => html`<div key=${order.client_id} class="fate">
    <p><b>${order.what}</b> <span class="figure">${amount(order.quantity)}${order.level !== null && html` at ${amount(order.level)}`}</span> <code class="soft tiny">${order.client_id}</code></p>
    <ol class="steps">${order.states.map((step, k) => html`<li key=${k}><${Badge} kind=${FATES[step.status] ?? ""}>${words(step.status).toLowerCase()}<//> <span class="soft small"><${Time} at=${step.at} />${step.reason && `, ${step.reason}`}</span></li>`)}</ol>
    ${order.fills.length > 0 && html`<${Table} caption=${`fills of ${order.client_id}`} rows=${order.fills} id=${(fill) => fill.trade_id} columns=${[
      { name: "at", title: "Filled", head: true, cell: (fill) => html`<${Time} at=${fill.at} shape="clock" />` },
      { name: "quantity", title: "Quantity", num: true, cell: (fill) => amount(fill.quantity) },
      { name: "price", title: "Price", num: true, cell: (fill) => amount(fill.price) },
      { name: "reference", title: "When deciding", num: true, cell: (fill) => amount(fill.reference) },
      { name: "fee", title: "Fee", num: true, cell: (fill) => amount(fill.fee) },
    ]} />`}
  </div>`)}</section>`;

const Versions = ({ parameters }) => Object.keys(parameters).length > 0 && html`<section class="why-symbol" aria-label="parameters"><h3>Parameters in force</h3>
  <${Pairs} rows=${Object.entries(parameters).map(([voice, version]) => [voice, html`version ${count(version.version)} by ${version.by}: ${Object.entries(version.parameters).map(([name, value]) => `${name} ${value}`).join(", ")}`])} /></section>`;

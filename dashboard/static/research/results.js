// What came of a piece of work. Beside every figure stands what keeps it honest: the unseen sample, buy and hold, the
// number of trials, what luck explains.

import { html, useState } from "../vendor/preact.js";
import { part } from "../api.js";
import { Badge, Card, Chart, Choice, Failure, Pairs, Share, Signed, Table, Tiles, Time } from "../components.js";
import { amount, count, percent, plain, time, words } from "../format.js";
import { useAnswer, useCell, zone } from "../store.js";
import { distribution, squares, varied } from "./squares.js";

const share = (value) => html`<${Share} value=${value} />`;
const two = (value) => plain(value, 2);
const clockOf = (chosen) => (at) => time(at * 1000, "minute", chosen);

/** The result of a kind of work; of one that is not known here the answer as it is. */
export function Result({ kind, answer, work }) {
  const Shown = { backtest: Backtest, "walk-forward": WalkForward, optimize: Study, "monte-carlo": MonteCarlo }[kind];
  return html`<div class="stack" data-result=${kind}>${Shown ? html`<${Shown} answer=${answer} work=${work} />` : html`<${Card} title="Answer"><pre class="answer">${JSON.stringify(answer, null, 2)}</pre><//>`}
    <${Notes} answer=${answer} /></div>`;
}

const Notes = ({ answer }) => {
  const lines = [...(answer.notes ?? []), ...(answer.flaws ?? [])];
  return lines.length > 0 && html`<${Card} title="To know"><ul class="lines">${lines.map((line) => html`<li key=${line}>${line}</li>`)}</ul><//>`;
};

/** How likely it is luck, in a word: as the written report says it. */
function luck(deflated, pbo, earned) {
  if ((earned ?? 0) <= 0) return ["bad", "no profit"];
  if ((deflated !== null && deflated < 0.5) || (pbo ?? 0) >= 0.5) return ["bad", "likely luck"];
  return (deflated ?? 0) >= 0.95 && pbo !== null ? ["good", "holds up"] : ["wait", "not proven"];
}

function Luck({ deflated, pbo, earned, trials }) {
  const [kind, word] = luck(deflated ?? null, pbo ?? null, earned);
  return html`<div class="acts"><${Badge} kind=${kind}>${word}<//>
    <span class="figure">deflated Sharpe ratio <b>${two(deflated)}</b></span>
    <span class="figure">probability of overfitting <b>${pbo === null || pbo === undefined ? "not known" : percent(pbo, { digits: 0 })}</b></span>
    <span class="soft small">after ${count(trials)} ${trials === 1 ? "trial" : "trials"}</span></div>`;
}

/* Backtest */

function Backtest({ answer, work }) {
  const m = answer.metrics;
  return html`<${Luck} deflated=${answer.deflated_sharpe} pbo=${answer.probability_of_overfitting} earned=${m.total_return} trials=${answer.trials} />
    ${answer.stopped && html`<div class="shout bad" role="status"><b>Stopped</b><span>${answer.stopped.text}</span></div>`}
    <${Tiles} label="figures" rows=${[
      { name: "return", value: share(m.total_return), below: html`buy and hold ${percent(m.hold_return, { sign: true })}` },
      { name: "Sharpe ratio", value: two(m.sharpe), below: m.sharpe_low === null ? `${count(m.days)} days` : `95 %: ${two(m.sharpe_low)} to ${two(m.sharpe_high)}` },
      { name: "largest fall", value: percent(m.max_drawdown), below: `buy and hold ${percent(m.hold_drawdown)}` },
      { name: "exposure", value: percent(m.exposure, { digits: 0 }), below: "of the time in the market" },
      { name: "trades", value: count(m.trades), below: `${percent(m.win_rate, { digits: 0 })} won, profit factor ${two(m.profit_factor)}` },
      { name: "costs", value: amount(m.costs, { places: 2 }), below: `${percent(m.cost_share, { digits: 0 })} of gross profit` },
    ]} />
    <${Curve} title="Equity" curve=${answer.curve} opening=${answer.opening_cash} />
    <${Markets} work=${work} />
    <${Months} months=${answer.months} />
    <div class="both"><${Spread} trades=${answer.trades} /><${Denied} vetoes=${answer.vetoes} /></div>
    <${Trades} trades=${answer.trades} />`;
}

/** Candles of each symbol with the trades on them, as its written report has them. */
function Markets({ work }) {
  const markets = useAnswer(work?.report ? `work/${part(work.id)}/markets` : null);
  const [picked, pick] = useState(null);
  const all = markets.data ?? [];
  const shown = all.find((each) => each.symbol === picked) ?? all[0];
  if (!shown) return markets.error && html`<${Failure} error=${markets.error} again=${markets.again} />`;
  const side = all.length > 1 && html`<${Choice} label="symbol" value=${shown.symbol} options=${all.map((each) => [each.symbol, each.symbol])} onChange=${pick} />`;
  return html`<${Card} title="Candles and trades" note=${`${shown.symbol}; a blue dot is an entry, a green one a gain, a red one a loss`} side=${side}>
    <${Chart} again=${shown.symbol} data=${shown} draw=${async (root, data) => (await import("../charts/market.js")).market(root, data)} /><//>`;
}

const Denied = ({ vetoes }) => html`<${Card} title="Denied by rule">${Object.keys(vetoes).length === 0 ? html`<p class="soft">No decision was denied.</p>`
  : html`<${Pairs} rows=${Object.entries(vetoes).sort((a, b) => b[1] - a[1]).map(([rule, times]) => [words(rule), count(times)])} />`}<//>`;

function Spread({ trades }) {
  const shares = trades.filter((each) => Number(each.bought) > 0).map((each) => Number(each.pnl) / Number(each.bought));
  return html`<${Card} title="Trade results" note="after costs, share of what was bought">${shares.length === 0 ? html`<p class="soft">No closed trade.</p>`
    : html`<${Chart} data=${trades} draw=${async (root) => (await import("../charts/histogram.js")).histogram(root, distribution(shares))} />`}<//>`;
}

function Trades({ trades }) {
  const columns = [
    { name: "symbol", title: "Symbol", head: true, cell: (each) => each.symbol },
    { name: "opened", title: "Opened", cell: (each) => html`<${Time} at=${each.opened} shape="minute" />` },
    { name: "closed", title: "Closed", wide: true, cell: (each) => html`<${Time} at=${each.closed} shape="minute" />` },
    { name: "ending", title: "Ended by", cell: (each) => words(each.ending) },
    { name: "bought", title: "Bought for", num: true, wide: true, cell: (each) => amount(each.bought, { places: 2 }) },
    { name: "fees", title: "Fees", num: true, wide: true, cell: (each) => amount(each.fees, { places: 2 }) },
    { name: "pnl", title: "Net", num: true, cell: (each) => html`<${Signed} value=${each.pnl} places=${2} />` },
  ];
  return trades.length > 0 && html`<${Card} title="Trades" flush note=${trades.length > 500 ? `the last 500 of ${count(trades.length)}` : count(trades.length)}>
    <${Table} caption="closed trades" columns=${columns} rows=${[...trades].reverse().slice(0, 500)} tall="24rem" /><//>`;
}

/* Curves, months */

function Curve({ title, note, curve, opening = "1", window }) {
  const chosen = useCell(zone);
  if (!curve || curve.times.length < 2) return null;
  const scale = Number(opening);
  const data = { t: curve.times, e: curve.equity.map((each) => each * scale), f: curve.fall.map((each) => each * 100), opening: scale, h: curve.hold, window };
  return html`<${Card} title=${title} note=${note ?? "its fall from the peak, and beside buy and hold"}>
    <${Chart} again=${chosen + title + curve.times.length} data=${curve} draw=${async (root) => (await import("../charts/equity.js")).equityChart(root, data, { label: title, heights: { equity: 200, both: 120, fall: 80 }, clock: clockOf(chosen) })} /><//>`;
}

const Months = ({ months, note = "by UTC month, after costs" }) => Object.keys(months ?? {}).length > 0 && html`<${Card} title="Months" note=${note}>
  <${Chart} again=${JSON.stringify(months)} data=${months} draw=${async (root) => (await import("../charts/heat.js")).monthly(root, months)} /><//>`;

/* Trials */

function Trials({ tried, score, sides }) {
  const names = varied(tried ?? []);
  const [x, setX] = useState(names[0]);
  const [y, setY] = useState(names[1] ?? null);
  const [side, setSide] = useState(sides[0][0]);
  if (!tried?.length || names.length === 0) return null;
  const pick = (label, value, set, options) => html`<label class="acts small"><span class="soft">${label}</span><select class="btn" value=${value} onChange=${(event) => set(event.target.value)}>
    ${options.map(([key, text]) => html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`)}</select></label>`;
  const parameters = names.map((name) => [name, name]);
  return html`<${Card} title="Trials" note=${`${score} of ${count(tried.length)} trials; \u2605 the best here. A single bright square is luck, a bright field is not.`}
    side=${html`<div class="acts">${pick("across", x, setX, parameters)}${names.length > 1 && pick("down", y, setY, parameters)}${sides.length > 1 && pick("score", side, setSide, sides)}</div>`}>
    <${Chart} again=${`${x} ${y} ${side} ${tried.length}`} data=${tried} draw=${async (root) => (await import("../charts/heat.js")).heatmap(root, squares(tried, x, y === x ? null : y, side), { label: `${score} by ${x}${y ? ` and ${y}` : ""}` })} /><//>`;
}

/** In sample beside out of sample, a figure a row. */
const Sides = ({ rows, note }) => html`<${Card} title="In sample beside out of sample" flush note=${note}>
  <div class="scroll compare" tabindex="0" role="region" aria-label="figures of both samples"><table><caption class="unseen">figures of both samples</caption>
    <thead><tr><td></td><th scope="col">in sample</th><th scope="col">out of sample</th></tr></thead>
    <tbody>${rows.map(([name, inside, outside]) => html`<tr key=${name}><th scope="row">${name}</th><td class="num">${inside}</td><td class="num"><b>${outside}</b></td></tr>`)}</tbody></table></div><//>`;

const SIDES = [["in_sample", "in sample"], ["out_of_sample", "out of sample"]];

function WalkForward({ answer }) {
  const [inside, outside] = [answer.in_sample, answer.out_of_sample];
  const interval = answer.out_of_sample_sharpe_interval;
  return html`<${Luck} deflated=${answer.deflated_sharpe} pbo=${answer.overfitting?.probability ?? null} earned=${outside.total_return} trials=${answer.trials} />
    <div class="both">
      <${Sides} note="means over windows; unseen windows behind one another" rows=${[
        ["total return", "", share(outside.total_return)], ["a year", share(inside.cagr), share(outside.cagr)],
        ["Sharpe ratio", two(inside.sharpe), interval ? `${two(outside.sharpe)} (${two(interval[0])} to ${two(interval[1])})` : two(outside.sharpe)],
        ["Calmar ratio", two(inside.calmar), two(outside.calmar)], ["largest fall", percent(inside.max_drawdown), percent(outside.max_drawdown)],
        ["parameters in force, Sharpe", two(answer.present.in_sample_sharpe), two(answer.present.out_of_sample_sharpe)],
      ]} />
      <${Card} title="How much is left" ><${Pairs} rows=${[
        ["efficiency", efficiencyOf(answer.efficiency)],
        ["buy and hold", html`${share(answer.hold_return)} over the unseen time, without costs`],
        ["kill switch", `tripped in ${answer.kill_switch_windows} of ${answer.windows.length} unseen windows`],
        ["fitted to", answer.score], ["last chosen", optionsOf(answer.windows.at(-1)?.parameters)],
      ]} /><//>
    </div>
    <${Curve} title="Equity, out of sample" curve=${answer.curve} note="unseen windows behind one another, from 1" />
    <${Trials} tried=${answer.tried} score=${answer.score} sides=${SIDES} />
    <${Months} months=${answer.months} note="out of sample, by UTC month" />
    <${Windows} windows=${answer.windows} />`;
}

function efficiencyOf(share) {
  if (share === null) return "not known: nothing was won in sample";
  return share > 0 ? `${percent(share, { digits: 0 })} of the yearly return in sample is left out of sample` : "nothing of the return in sample is left out of sample";
}

const optionsOf = (values = {}) => Object.entries(values).map(([name, value]) => `${name} ${value}`).join(", ");

function Windows({ windows }) {
  const day = (at) => html`<${Time} at=${at} shape="day" />`;
  const columns = [
    { name: "test", title: "Unseen", head: true, cell: (each) => html`<span class="nowrap">${day(each.test[0])} \u2013 ${day(each.test[1])}</span>` },
    { name: "parameters", title: "Chosen", cell: (each) => optionsOf(each.parameters) },
    { name: "in", title: "In, return", num: true, cell: (each) => share(each.in_sample.net_return) },
    { name: "ins", title: "In, Sharpe", num: true, wide: true, cell: (each) => two(each.in_sample.sharpe) },
    { name: "out", title: "Out, return", num: true, cell: (each) => share(each.out_of_sample.net_return) },
    { name: "outs", title: "Out, Sharpe", num: true, wide: true, cell: (each) => two(each.out_of_sample.sharpe) },
    { name: "trades", title: "Trades", num: true, wide: true, cell: (each) => count(each.out_of_sample.trades) },
  ];
  const told = { ins: windows.some((each) => each.in_sample.sharpe !== null), outs: windows.some((each) => each.out_of_sample.sharpe !== null) };
  const note = told.ins && told.outs ? null : `no Sharpe ratio of windows shorter than 30 days${told.ins ? " unseen" : ""}: that of all together stands above`;
  return html`<${Card} title="Windows" flush note=${note}><${Table} caption="windows, one a row" columns=${columns.filter(({ name }) => told[name] ?? true)} rows=${windows} tall="24rem" /><//>`;
}

function Study({ answer }) {
  const [inside, outside] = [answer.in_sample, answer.out_of_sample];
  const made = (answer.trials.complete ?? 0) + (answer.trials.pruned ?? 0);
  return html`<${Luck} deflated=${answer.deflated_sharpe} pbo=${null} earned=${outside.total_return} trials=${made} />
    <div class="both">
      <${Sides} note=${html`cut at <${Time} at=${answer.cut} shape="minute" />`} rows=${[
        ["total return", share(inside.total_return), share(outside.total_return)], ["buy and hold", share(inside.hold_return), share(outside.hold_return)],
        ["a year", share(inside.cagr), share(outside.cagr)], ["Sharpe ratio", two(inside.sharpe), two(outside.sharpe)],
        ["Calmar ratio", two(inside.calmar), two(outside.calmar)], ["largest fall", percent(inside.max_drawdown), percent(outside.max_drawdown)],
        ["exposure", percent(inside.exposure, { digits: 0 }), percent(outside.exposure, { digits: 0 })], ["trades", count(inside.trades), count(outside.trades)],
        ["parameters in force, Sharpe", two(answer.present.in_sample_sharpe), two(answer.present.out_of_sample_sharpe)],
      ]} />
      <${Card} title="The best in sample"><${Pairs} rows=${[...Object.entries(answer.parameters).map(([name, value]) => [name, String(value)]), [answer.score, two(answer.value)],
        ["trials", Object.entries(answer.trials).filter(([, n]) => n).map(([what, n]) => `${n} ${what}`).join(", ")], ["study", answer.study]]} /><//>
    </div>
    <div class="both"><${Curve} title="Equity, in sample" curve=${answer.curves?.[0]} /><${Curve} title="Equity, out of sample" curve=${answer.curves?.[1]} /></div>
    <${Trials} tried=${answer.tried} score=${answer.score} sides=${SIDES.slice(0, 1)} />
    <${Months} months=${answer.months} />`;
}

function MonteCarlo({ answer }) {
  const columns = [
    { name: "what", title: "", head: true, cell: (each) => each.what },
    ...["p5", "p25", "p50", "p75", "p95"].map((name) => ({ name, title: name === "p50" ? "median" : `${name.slice(1)} %`, num: true, cell: (each) => each.show(each.of[name]) })),
  ];
  return html`${answer.stopped && html`<div class="shout bad" role="status"><b>Stopped</b><span>${answer.stopped}</span></div>`}
    ${answer.outcomes.map((each) => html`<${Card} key=${each.method} title=${words(each.method)} flush note=${`${count(each.runs)} runs, seed ${each.seed}: ${percent(each.loss, { digits: 1 })} lost, ${percent(each.beyond, { digits: 1 })} fell deeper than ${percent(each.limit, { digits: 0 })}`}>
      <${Table} caption=${`quantiles of ${each.method}`} columns=${columns} rows=${[
        { what: "return", of: each.final_return, show: share }, { what: "largest fall", of: each.max_drawdown, show: (value) => percent(value) },
        each.sharpe && { what: "Sharpe ratio", of: each.sharpe, show: two },
      ].filter(Boolean)} /><//>`)}`;
}

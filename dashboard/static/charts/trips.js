// Trades on candles, drawn by the chart itself: a line from entry to exit with a dot at each end, and the ground
// shaded from an instant on. Places are logical, so that an instant inside a bar lies inside it.
import { before } from "./dom.js";
import { faded } from "./base.js";

const CROWD = 150;

export function tripsOn(series, times, tone) {
  const state = { trips: [], shade: null, tone, chart: null, request: null };
  const view = {
    zOrder: () => "top",
    renderer: () => ({
      draw: (target) => target.useMediaCoordinateSpace((space) => draw(space, state, series, times)),
      drawBackground: (target) => target.useMediaCoordinateSpace((space) => shade(space, state, times)),
    }),
  };
  series.attachPrimitive({
    attached: ({ chart, requestUpdate }) => Object.assign(state, { chart, request: requestUpdate }),
    detached: () => Object.assign(state, { chart: null, request: null }),
    updateAllViews: () => {},
    paneViews: () => [view],
  });
  return {
    set(next) {
      Object.assign(state, next);
      state.request?.();
    },
  };
}

// The logical place of an instant: its bar, and how far into it.
export function placed(times, at) {
  const bar = before(times, at);
  if (bar < 0) return 0;
  const next = bar + 1 < times.length ? times[bar + 1] : times[bar] + (times[bar] - (times[bar - 1] ?? times[bar] - 1));
  const share = Math.min(1, (at - times[bar]) / (next - times[bar] || 1));
  return share === 0 ? bar : bar - 0.5 + share;
}

function draw({ context, mediaSize }, { trips, tone, chart }, series, times) {
  if (!chart) return;
  const scale = chart.timeScale();
  const inSight = trips
    .map((trip) => ({ ...trip, a: scale.logicalToCoordinate(placed(times, trip.opened)), b: scale.logicalToCoordinate(placed(times, trip.closed)) }))
    .filter(({ a, b }) => a !== null && b !== null && b >= 0 && a <= mediaSize.width);
  const radius = inSight.length > CROWD ? 1.8 : 3.5;
  const dot = (x, y, colour) => {
    context.fillStyle = colour;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
  };
  for (const { a, b, bought, sold, won } of inSight) {
    const [y, end] = [series.priceToCoordinate(bought), series.priceToCoordinate(sold)];
    if (y === null || end === null) continue;
    context.strokeStyle = won ? tone.up : tone.down;
    context.lineWidth = 1.2;
    context.setLineDash([3, 3]);
    context.beginPath();
    context.moveTo(a, y);
    context.lineTo(b, end);
    context.stroke();
    context.setLineDash([]);
    dot(a, y, tone.own);
    dot(b, end, won ? tone.up : tone.down);
  }
}

function shade({ context, mediaSize }, { shade: from, tone, chart }, times) {
  const x = chart && from !== null ? chart.timeScale().logicalToCoordinate(placed(times, from)) : null;
  if (x === null || x > mediaSize.width) return;
  context.fillStyle = faded(tone.own, 0.08);
  context.fillRect(Math.max(0, x), 0, mediaSize.width, mediaSize.height);
}

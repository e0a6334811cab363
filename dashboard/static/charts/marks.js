// What the marks on candles mean, in one place: the shape says what was done, the colour what it was for. Everywhere
// else blue is a buy and the page's own line, violet a sale by signal, green a gain, red a loss, brown what was denied.

export const MARKS = {
  entry: { shape: "arrowUp", position: "belowBar", tone: "own", sign: "\u25b2", name: "buy" },
  exit: { shape: "arrowDown", position: "aboveBar", tone: "sell", sign: "\u25bc", name: "sell, by signal" },
  target: { shape: "arrowDown", position: "aboveBar", tone: "up", sign: "\u25bc", name: "sell, at the target" },
  stop: { shape: "arrowDown", position: "aboveBar", tone: "down", sign: "\u25bc", name: "sell, at the stop" },
  veto: { shape: "circle", position: "aboveBar", tone: "wait", sign: "\u25cf", name: "denied" },
};

// What a mark says beside its sign; a denial says nothing, for there are many.
export const SAID = { entry: "buy", exit: "sell", stop: "stop", target: "target", veto: "" };

// The levels of what is held.
export const LEVELS = { entry: "own", stop: "down", target: "up" };

// Small helpers of all charts: elements without markup from text, numbers, instants, places in sorted lists.

const SVG = "http://www.w3.org/2000/svg";

// The minus of numbers, as wide as a plus; a hyphen is for words.
export const MINUS = "\u2212";

// An element with properties, attributes and children; text stays text.
export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "style") for (const [key, each] of Object.entries(value)) node.style.setProperty(key, each);
    else if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((each) => each !== null && each !== undefined && each !== false));
  return node;
}

export function number(value, places = 2, { signed = false, unit = "" } = {}) {
  if (value === null || value === undefined || !Number.isFinite(Number(value))) return "n/a";
  const plain = Number(value);
  const zero = Number(plain.toFixed(places)) === 0;
  const shown = (zero ? 0 : plain).toLocaleString("en-US", {
    minimumFractionDigits: places, maximumFractionDigits: places,
  });
  return `${signed && !zero && plain > 0 ? "+" : ""}${shown.replace("-", MINUS)}${unit}`;
}

export function percent(share, places = 2, more = {}) {
  return number(share === null || share === undefined ? null : share * 100, places, { ...more, unit: " %" });
}

// An instant in seconds as its UTC minute.
export function stamp(seconds) {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
}

// The place of the last value of a sorted list that is not above `value`, -1 before the first.
export function before(list, value) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

// Round values inside a range: steps of 1, 2 or 5 times a power of ten.
export function ticks(low, high, most) {
  const rough = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough * (1 - 1e-9));
  const found = [];
  for (let each = Math.ceil(low / step - 1e-9); each * step <= high + step * 1e-9; each++) found.push(each * step);
  return found;
}

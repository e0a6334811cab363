// A picture in at most 256 colours: the most frequent ones that are not all but the same as another, every other
// pixel in the nearest of them.
// Arguments: a PNG as base64, and the callback: gives width, height, colours as [red, green, blue], indices as base64.
const [png, done] = arguments;
const SAME = 8;
const picture = new Image();
picture.onload = () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: picture.width, height: picture.height });
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  const { data, width, height } = context.getImageData(0, 0, picture.width, picture.height);
  const key = (at) => (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
  const counts = new Map();
  for (let at = 0; at < data.length; at += 4) counts.set(key(at), (counts.get(key(at)) ?? 0) + 1);
  const colours = [];
  for (const [colour] of [...counts].sort(([, a], [, b]) => b - a)) {
    const each = [colour >> 16, (colour >> 8) & 255, colour & 255];
    const known = colours.some((other) => each.every((part, at) => Math.abs(part - other[at]) < SAME));
    if (!known && colours.push(each) === 256) break;
  }
  const nearest = new Map();
  const index = (colour) => {
    if (!nearest.has(colour)) {
      const [red, green, blue] = [colour >> 16, (colour >> 8) & 255, colour & 255];
      const away = colours.map(([r, g, b]) => (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2);
      nearest.set(colour, away.indexOf(Math.min(...away)));
    }
    return nearest.get(colour);
  };
  const indices = new Uint8Array(width * height);
  for (let pixel = 0; pixel < indices.length; pixel++) indices[pixel] = index(key(4 * pixel));
  let text = "";
  for (let at = 0; at < indices.length; at += 32768) text += String.fromCharCode(...indices.subarray(at, at + 32768));
  done({ width, height, colours, indices: btoa(text) });
};
picture.src = `data:image/png;base64,${png}`;

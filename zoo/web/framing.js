// A person's picture → the array that a model takes: the same steps, and the same numbers, as prepare.py, grey.py and framing.py of
// zoo/pictures, so that a model meets here what it met in training. A test compares the two.
//
// A picture is { height, width, data: Uint8Array }, grey, rows from the top.

import { reduced, resized } from "./resample.js";

const FAINT = 24; // contrast below which nothing stands out
const SURVEY = 128; // longest side of the reduced picture in which contrast is looked for
const EVEN = 8; // a picture whose values differ by less shows nothing
const FILL = 20 / 28; // share of the frame that the subject fills, as in MNIST
const WORK = 20; // the subject is looked for in a picture of at most so many times the frame
const BLOCK = 4; // pixels a side of the squares in which connected parts are looked for
const CRUMB = 0.03; // parts with less ink than this share of the largest part's are dust

const f32 = Math.fround;

/**
 * Bring a grey picture into a form `{height, width, background, framing}`, that of zoo.json.
 * Returns the picture, and whether anything is to be seen in it.
 */
export function prepare(grey, form) {
  const { height, width } = form;
  const bright = form.background === "bright";
  if (!grey.height || !grey.width)
    return { height, width, data: new Uint8Array(height * width).fill(bright ? 255 : 0), blank: true };
  const turned = backgroundOf(grey) === form.background ? grey : inverted(grey);
  const [low, high] = contrast(turned);
  const blank = high - low < EVEN;
  if (turned.height === height && turned.width === width) return { ...turned, blank };
  if (form.framing === "whole") return { ...whole(turned, height, width), blank };
  const framed = centred(bright ? inverted(turned) : turned, height, width);
  if (!framed) return { height, width, data: new Uint8Array(height * width).fill(bright ? 255 : 0), blank: true };
  return { ...(bright ? inverted(framed) : framed), blank };
}

/** Grey values of `ImageData`; what is transparent shows `background`, or the opposite where all would vanish in it. */
export function toGrey({ height, width, data }, background) {
  const grey = new Float64Array(height * width);
  let paper = background === "bright" ? 255 : 0;
  let clear = false;
  let seen = false;
  let most = 0;
  for (let i = 0; i < grey.length; i++) {
    const alpha = data[4 * i + 3];
    grey[i] = Math.floor((data[4 * i] * 19595 + data[4 * i + 1] * 38470 + data[4 * i + 2] * 7471 + 32768) / 65536);
    clear ||= alpha < 255;
    if (alpha > 127) {
      seen = true;
      most = Math.max(most, Math.abs(grey[i] - paper));
    }
  }
  if (clear && seen && most < 128) paper = 255 - paper;
  const out = new Uint8Array(grey.length);
  for (let i = 0; i < out.length; i++) out[i] = rint((grey[i] * data[4 * i + 3] + paper * (255 - data[4 * i + 3])) / 255);
  return { height, width, data: out };
}

/** `ImageData` that shows grey values. */
export function toImage(grey, height, width) {
  const image = new ImageData(width, height);
  for (let i = 0; i < height * width; i++) image.data.set([grey[i], grey[i], grey[i], 255], 4 * i);
  return image;
}

/** To the nearest whole number, halves to the even one, as NumPy does. */
function rint(x) {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 ? low + 1 : low;
}

function inverted({ height, width, data }) {
  return { height, width, data: data.map((value) => 255 - value) };
}

/** The outermost pixels, one in fifty of the shorter side deep, in order of their size. */
function border({ height, width, data }) {
  const deep = Math.max(1, Math.floor(Math.min(height, width) / 50));
  const found = [];
  for (let y = 0; y < height; y++) {
    const edge = y < deep || y >= height - deep;
    for (let x = 0; x < width; x++) if (edge || x < deep || x >= width - deep) found.push(data[y * width + x]);
  }
  return Uint8Array.from(found).sort();
}

/** What lies `share` of the way through sorted values, in between two of them by their distance. */
function quantile(sorted, share) {
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

function contrast(grey) {
  const factor = Math.max(1, Math.ceil(Math.max(grey.height, grey.width) / SURVEY));
  const { data } = factor > 1 ? reduced(grey, factor) : grey;
  return data.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [255, 0]);
}

function backgroundOf(grey) {
  const [low, high] = contrast(grey);
  const middle = high - low >= FAINT ? (low + high) / 2 : 127;
  return quantile(border(grey), 0.5) > middle ? "bright" : "dark";
}

/** The whole picture, scaled to fit; what it leaves free takes the brightness of its border. */
function whole(grey, height, width) {
  const scale = Math.min(height / grey.height, width / grey.width);
  const small = resized(
    grey,
    [0, 0, grey.height, grey.width],
    Math.max(1, rint(scale * grey.height)),
    Math.max(1, rint(scale * grey.width)),
  );
  const data = new Uint8Array(height * width).fill(rint(quantile(border(grey), 0.5)));
  const [top, left] = [Math.floor((height - small.height) / 2), Math.floor((width - small.width) / 2)];
  for (let y = 0; y < small.height; y++)
    data.set(small.data.subarray(y * small.width, (y + 1) * small.width), (top + y) * width + left);
  return { height, width, data };
}

/** The subject of a picture with a dark background, as MNIST's digits were made; null where nothing stands out. */
function centred(grey, height, width) {
  const longest = WORK * Math.max(height, width);
  const factor = Math.ceil(Math.max(grey.height, grey.width) / longest);
  const found = inkOf(factor > 1 ? reduced(grey, factor) : grey);
  if (!found) return null;
  const [top, left, bottom, right] = withoutDust(found.ink, found.threshold);
  const scale = Math.min((FILL * height) / (bottom - top), (FILL * width) / (right - left));
  const subject = resized(
    found.ink,
    [top, left, bottom, right],
    Math.max(1, rint(scale * (bottom - top))),
    Math.max(1, rint(scale * (right - left))),
  );
  // A thin stroke pales when it is scaled down; MNIST's strokes are full white somewhere.
  const strong = f32(
    255 /
      Math.max(
        1,
        subject.data.reduce((most, value) => Math.max(most, value), 0),
      ),
  );
  return placed({ ...subject, data: subject.data.map((value) => rint(f32(value * strong))) }, height, width);
}

/** What lies above the background, stretched to 0 … 255, and how much of it is ink for certain; null where none is. */
function inkOf(grey) {
  const paper = f32(quantile(border(grey), 0.5));
  const top = f32(grey.data.reduce((most, value) => Math.max(most, value), 0) - paper);
  if (top < FAINT) return null;
  const stretch = f32(255 / top);
  const ink = { ...grey, data: grey.data.map((value) => rint(f32(Math.max(0, f32(value - paper)) * stretch))) };
  const threshold = 1.5 * quantile(border(ink), 0.99);
  return { ink, threshold: Math.min(Math.max(threshold, 25), 127) };
}

/** Zero the ink outside of the large connected parts, in place; returns the box around these: top, left, bottom, right. */
function withoutDust(ink, threshold) {
  const { height, width, data } = ink;
  const rows = Math.ceil(height / BLOCK);
  const columns = Math.ceil(width / BLOCK);
  const weight = new Float64Array(rows * columns);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] > threshold) weight[Math.floor(y / BLOCK) * columns + Math.floor(x / BLOCK)] += data[y * width + x];
    }
  }
  const { parts, sums } = connected(weight, rows, columns);
  const most = Math.max(...sums);
  const kept = parts.map((part) => Number(part > 0 && sums[part] >= CRUMB * most));
  const near = (row, column) => {
    for (let i = Math.max(0, row - 1); i <= Math.min(rows - 1, row + 1); i++) {
      for (let j = Math.max(0, column - 1); j <= Math.min(columns - 1, column + 1); j++) if (kept[i * columns + j]) return true;
    }
    return false;
  };
  const ringed = kept.map((_, at) => Number(near(Math.floor(at / columns), at % columns)));
  const box = [height, width, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = Math.floor(y / BLOCK) * columns + Math.floor(x / BLOCK);
      if (kept[at] && data[y * width + x] > threshold) {
        box[0] = Math.min(box[0], y);
        box[1] = Math.min(box[1], x);
        box[2] = Math.max(box[2], y + 1);
        box[3] = Math.max(box[3], x + 1);
      }
      if (!ringed[at]) data[y * width + x] = 0;
    }
  }
  return box;
}

/** Number the parts of what is above zero, connected by a side or a corner, from 1; and what each weighs. */
function connected(weight, rows, columns) {
  const parts = new Int32Array(weight.length);
  const sums = [0];
  for (let start = 0; start < weight.length; start++) {
    if (!weight[start] || parts[start]) continue;
    const part = sums.push(0) - 1;
    const edge = [start];
    parts[start] = part;
    while (edge.length) {
      const at = edge.pop();
      sums[part] += weight[at];
      const [row, column] = [Math.floor(at / columns), at % columns];
      for (let i = Math.max(0, row - 1); i <= Math.min(rows - 1, row + 1); i++) {
        for (let j = Math.max(0, column - 1); j <= Math.min(columns - 1, column + 1); j++) {
          const next = i * columns + j;
          if (weight[next] && !parts[next]) {
            parts[next] = part;
            edge.push(next);
          }
        }
      }
    }
  }
  return { parts, sums };
}

/** A frame of zeros with the subject's centre of mass in its middle; what would lie outside is cut off. */
function placed(subject, height, width) {
  let [mass, down, across] = [0, 0, 0];
  subject.data.forEach((value, at) => {
    mass += value;
    down += value * Math.floor(at / subject.width);
    across += value * (at % subject.width);
  });
  const top = Math.ceil(height / 2 - down / mass - 0.5);
  const left = Math.ceil(width / 2 - across / mass - 0.5);
  const data = new Uint8Array(height * width);
  subject.data.forEach((value, at) => {
    const y = top + Math.floor(at / subject.width);
    const x = left + (at % subject.width);
    if (y >= 0 && y < height && x >= 0 && x < width) data[y * width + x] = value;
  });
  return { height, width, data };
}

/** Whether a tensor is grey pictures of one size: uint8 [batch, h, w]. */
export const isPicture = ({ dtype, shape }) => dtype === "uint8" && shape.length === 3 && shape.slice(1).every(Number.isInteger);

/** How a picture enters an input: as zoo.json says, else as a whole. */
export const formOf = ({ picture }, { shape: [, height, width] }) =>
  picture ?? { height, width, background: "dark", framing: "whole" };

// Any model, by its signature alone: a field for each input, and its outputs as text, tables, bars or pictures.

import { prepare } from "../framing.js";
import { drawing } from "../pad.js";

export const title = "Ask a model";
export const shared = false;

const FEW = 36; // values that get a field each; more are written into one field
const SHOWN = 100; // values of an output that are shown
const LARGE = 8; // pixels a side from which whole numbers are taken for a picture

export function takes() {
  return true;
}

export async function mount(root, [model], page) {
  const { element } = page;
  const { manifest } = model;
  const fields = manifest.inputs.map((tensor) => field(tensor, model, page));
  const answer = element("div", { class: "answers", role: "status" }, element("p", { class: "note" }, "Its answer is shown here."));
  const button = element("button", { type: "submit", class: "main" }, "Ask");
  const form = element("form", { onsubmit: ask }, fields.map((one) => one.element), button);

  async function ask(event) {
    event.preventDefault();
    button.disabled = true;
    if (model.state !== "ready") answer.replaceChildren(element("p", { class: "note" }, `Loading ${page.size(model.bytes)} …`));
    try {
      const feeds = Object.fromEntries(fields.map((one) => [one.name, one.read()]));
      const { outputs, ms } = await model.run(feeds);
      answer.replaceChildren(...shown(outputs, manifest, page), element("p", { class: "note numbers" }, page.milliseconds(ms)));
    } catch (error) {
      answer.replaceChildren(element("p", { class: "problem" }, error.message));
    }
    button.disabled = false;
  }

  root.append(
    element("p", { class: "note", style: { "margin-bottom": "1.25rem" } }, manifest.summary),
    element("div", { class: "columns" }, form, answer));
}

// --- Inputs -----------------------------------------------------------------------------------------------------------------

/** {name, element, read()}: the form's part for one input. `read` gives its feed, or throws an Error that says what is wrong. */
function field(tensor, model, page) {
  const { name, dtype, shape } = tensor;
  const fixed = shape.slice(1).every(Number.isInteger);
  const count = fixed ? shape.slice(1).reduce((product, axis) => product * axis, 1) : Infinity;
  const id = `${model.id}-${name}`;
  const made =
    dtype === "uint8" && fixed && shape.length === 3 && Math.min(shape[1], shape[2]) >= LARGE ? picture(tensor, model, id, page)
    : dtype === "string" && count === 1 ? line(tensor, id, page)
    : count <= FEW ? several(tensor, id, count, page)
    : list(tensor, id, page);
  return { name, ...made };
}

function labelled(tensor, id, page, ...inputs) {
  const { element } = page;
  return element("div", { class: "field" },
    element("label", { for: id }, tensor.name), inputs, element("p", { class: "note", id: `${id}-note` }, tensor.meaning));
}

function line(tensor, id, page) {
  const input = page.element("input", { id, type: "text", "aria-describedby": `${id}-note` });
  return { element: labelled(tensor, id, page, input), read: () => feed(tensor, [input.value], []) };
}

/** A field each. */
function several(tensor, id, count, page) {
  const { element } = page;
  const { name, dtype, low, high, names } = tensor;
  const inputs = Array.from({ length: count }, (_, k) => {
    const label = names?.[k % (names.length || 1)] ?? (count > 1 ? `${k + 1}` : name);
    const start = Math.min(Math.max(0, low ?? 0), high ?? 0);
    const input =
      dtype === "bool" ? element("input", { type: "checkbox" })
      : dtype === "string" ? element("input", { type: "text" })
      : element("input", { type: "number", min: low, max: high, step: dtype === "float32" ? "any" : "1", value: start, required: true });
    return { input, element: element("label", { class: "one" }, input, ` ${label}`) };
  });
  const read = () => feed(tensor, inputs.map(({ input }) => (dtype === "bool" ? Number(input.checked) : input.value)), tensor.shape.slice(1));
  const group = element("fieldset", { "aria-describedby": `${id}-note` },
    element("legend", {}, name), element("div", { class: "row" }, inputs.map((one) => one.element)), element("p", { class: "note", id: `${id}-note` }, tensor.meaning));
  return { element: group, read };
}

/** Many values, or an unknown number of them, with commas, spaces or (of text) lines between. */
function list(tensor, id, page) {
  const { name, dtype, shape } = tensor;
  const input = page.element("textarea", { id, rows: 4, "aria-describedby": `${id}-note`, spellcheck: "false" });
  const free = shape.slice(1).filter((axis) => !Number.isInteger(axis)).length;
  const size = shape.slice(1).filter(Number.isInteger).reduce((product, axis) => product * axis, 1);
  const read = () => {
    const values = input.value.split(dtype === "string" ? /\n/ : /[\s,;]+/).filter((value) => value !== "");
    const right = free ? values.length > 0 && values.length % size === 0 : values.length === size;
    if (!right) throw new Error(`${name} has ${values.length} values; it should have ${free ? `a multiple of ${size}` : size}.`);
    let rest = values.length / size; // the first free axis takes what there is, others have the length 1
    const dims = shape.slice(1).map((axis) => {
      if (Number.isInteger(axis)) return axis;
      const length = rest;
      rest = 1;
      return length;
    });
    return feed(tensor, values, dims);
  };
  return { element: labelled(tensor, id, page, input), read };
}

function picture(tensor, model, id, page) {
  const { element } = page;
  const form = model.manifest.picture ?? { height: tensor.shape[1], width: tensor.shape[2], background: "dark", framing: "whole" };
  let grey = null;
  const pad = drawing(page, `${id}-note`, (drawn) => {
    grey = drawn;
  });
  const file = element("input", { type: "file", accept: "image/*", class: "hidden", onchange: () => file.files[0] && pad.take(file.files[0]) });
  const made = element("div", { class: "field" },
    element("span", {}, element("strong", {}, tensor.name)), pad.element,
    element("div", { class: "row" }, element("button", { type: "button", onclick: () => pad.clear() }, "Clear"), element("label", { class: "button" }, "Choose a picture", file)),
    element("p", { class: "note", id: `${id}-note` }, `${tensor.meaning}. By keyboard: arrows move, space sets the pen down and lifts it, Delete clears.`));
  const read = () => {
    const { height, width, data } = prepare(grey ?? { height: 0, width: 0 }, form);
    return { dtype: "uint8", dims: [1, height, width], data };
  };
  return { element: made, read };
}

const WHOLE = { uint8: [0n, 255n], int64: [-(2n ** 63n), 2n ** 63n - 1n] };

/** A feed of one example, its values checked. */
function feed({ name, dtype, shape }, values, dims) {
  const wrong = (value, right) => new Error(`${name} has the value ${value}, which should be ${right}.`);
  const whole = values.map((value) => {
    if (!(dtype in WHOLE)) return value;
    const [least, most] = WHOLE[dtype];
    if (!/^[+-]?\d+$/.test(value) || BigInt(value) < least || BigInt(value) > most) throw wrong(value, `a whole number from ${least} to ${most}`);
    return BigInt(value);
  });
  const made = {
    string: () => values,
    bool: () => Uint8Array.from(values, (value) => Number(value === 1 || /^(1|true|yes)$/i.test(value))),
    uint8: () => Uint8Array.from(whole, Number),
    int64: () => BigInt64Array.from(whole),
    float32: () =>
      Float32Array.from(values, (value) => {
        if (!Number.isFinite(Number(value)) || value === "") throw wrong(value || "nothing", "a number");
        return Number(value);
      }),
  };
  return { dtype, dims: shape.length ? [1, ...dims] : [], data: made[dtype]() };
}

// --- Outputs ----------------------------------------------------------------------------------------------------------------

function shown(outputs, manifest, page) {
  const { element } = page;
  const parts = [];
  const tables = new Map(); // outputs of one value for each place of an axis: columns of one table
  for (const tensor of manifest.outputs) {
    const { dtype, dims, data } = outputs[tensor.name];
    const probabilities = dtype === "float32" && dims.length === 2 && dims[1] === manifest.classes.length;
    if (probabilities) parts.push(heading(tensor, page), bars(data, manifest.classes, page));
    else if (dtype === "uint8" && dims.length === 3) parts.push(heading(tensor, page), image(tensor, dims, data, page));
    else if (data.length === 1) parts.push(heading(tensor, page), element("p", { class: "answer-text" }, value(data[0], dtype)));
    else {
      const key = dims.length === 2 ? dims[1] : tensor.name;
      if (!tables.has(key)) {
        tables.set(key, []);
        parts.push(tables.get(key));
      }
      tables.get(key).push({ tensor, dtype, data });
    }
  }
  return parts.flatMap((part) => (Array.isArray(part) ? table(part, page) : [part]));
}

function heading({ name, meaning }, { element }) {
  return element("h3", { title: meaning }, name);
}

function value(found, dtype) {
  if (dtype === "bool") return found ? "true" : "false";
  if (dtype === "float32") return Number(found.toPrecision(4)).toString();
  return String(found);
}

function bars(data, classes, page) {
  const { element } = page;
  const order = classes.map((_, k) => k).sort((a, b) => data[b] - data[a] || a - b).slice(0, 10);
  return element("dl", { class: "bars" }, order.map((k, at) =>
    element("div", { class: at ? "" : "best" },
      element("dt", {}, classes[k]),
      element("dd", { class: "track", "aria-hidden": "true" }, element("span", { style: { "--share": data[k] } })),
      element("dd", {}, page.percent(data[k])))));
}

function image({ name }, [, height, width], data, page) {
  const canvas = page.element("canvas", { class: "pixels made", height, width, role: "img", "aria-label": name });
  const pixels = new ImageData(width, height);
  data.forEach((grey, i) => pixels.data.set([grey, grey, grey, 255], 4 * i));
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

function table(columns, { element }) {
  const [{ data, tensor }] = columns;
  const rows = Array.from({ length: Math.min(SHOWN, data.length) }, (_, k) =>
    element("tr", {}, element("th", { scope: "row" }, tensor.names?.[k] ?? `${k + 1}`), columns.map((column) => element("td", {}, value(column.data[k], column.dtype)))));
  const more = data.length > SHOWN ? [element("p", { class: "note" }, `The first ${SHOWN} of ${data.length}.`)] : [];
  const heads = columns.map((column) => element("th", { scope: "col", title: column.tensor.meaning }, column.tensor.name));
  return [element("div", { class: "scroll tall", tabindex: "0" }, element("table", { class: "numbers" },
    element("thead", {}, element("tr", {}, element("th", {}, ""), heads)), element("tbody", {}, rows))), ...more];
}

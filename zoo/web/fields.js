// A form's part for any input of a model, by its dtype and shape.

import { formOf, prepare } from "./framing.js";
import { drawing } from "./pad.js";

const FEW = 36; // values that get a field each; more are written into one field
const LARGE = 8; // pixels a side from which whole numbers are taken for a picture

/** {name, element, read()}: the form's part for one input. `read` gives its feed, or throws an Error that says what is wrong. */
export function field(tensor, model, page) {
  const { name, dtype, shape } = tensor;
  const fixed = shape.slice(1).every(Number.isInteger);
  const count = fixed ? shape.slice(1).reduce((product, axis) => product * axis, 1) : Infinity;
  const id = `${model.id}-${name}`;
  const made =
    dtype === "uint8" && fixed && shape.length === 3 && Math.min(shape[1], shape[2]) >= LARGE
      ? picture(tensor, model, id, page)
      : dtype === "string" && count === 1
        ? line(tensor, id, page)
        : count <= FEW
          ? several(tensor, id, count, page)
          : list(tensor, id, page);
  return { name, ...made };
}

function labelled(tensor, id, page, ...inputs) {
  const { element } = page;
  return element(
    "div",
    { class: "field" },
    element("label", { for: id }, tensor.name),
    inputs,
    element("p", { class: "note", id: `${id}-note` }, tensor.meaning),
  );
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
    const start = Math.min(Math.max(0, low ?? 0), high ?? Infinity);
    const input =
      dtype === "bool"
        ? element("input", { type: "checkbox" })
        : dtype === "string"
          ? element("input", { type: "text" })
          : element("input", {
              type: "number",
              min: low,
              max: high,
              step: dtype === "float32" ? "any" : "1",
              value: start,
              required: true,
            });
    return { input, element: element("label", { class: "one" }, input, ` ${label}`) };
  });
  const read = () =>
    feed(
      tensor,
      inputs.map(({ input }) => (dtype === "bool" ? Number(input.checked) : input.value)),
      tensor.shape.slice(1),
    );
  const group = element(
    "fieldset",
    { "aria-describedby": `${id}-note` },
    element("legend", {}, name),
    element(
      "div",
      { class: "row" },
      inputs.map((one) => one.element),
    ),
    element("p", { class: "note", id: `${id}-note` }, tensor.meaning),
  );
  return { element: group, read };
}

/** Many values, or an unknown number of them, with commas, spaces or (of text) lines between. */
function list(tensor, id, page) {
  const { name, dtype, shape } = tensor;
  const input = page.element("textarea", { id, rows: 4, "aria-describedby": `${id}-note`, spellcheck: "false" });
  const free = shape.slice(1).filter((axis) => !Number.isInteger(axis)).length;
  const size = shape
    .slice(1)
    .filter(Number.isInteger)
    .reduce((product, axis) => product * axis, 1);
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
  const form = formOf(model.manifest, tensor);
  let grey = null;
  const pad = drawing(page, `${id}-note`, (drawn) => {
    grey = drawn;
  });
  const file = element("input", {
    type: "file",
    accept: "image/*",
    class: "hidden",
    onchange: () => file.files[0] && pad.take(file.files[0]),
  });
  const made = element(
    "div",
    { class: "field" },
    element("span", {}, element("strong", {}, tensor.name)),
    pad.element,
    element(
      "div",
      { class: "row" },
      element("button", { type: "button", onclick: () => pad.clear() }, "Clear"),
      element("label", { class: "button" }, "Choose a picture", file),
    ),
    element(
      "p",
      { class: "note", id: `${id}-note` },
      `${tensor.meaning}. By keyboard: arrows move, space sets the pen down and lifts it, Delete clears.`,
    ),
  );
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
    if (!/^[+-]?\d+$/.test(value) || BigInt(value) < least || BigInt(value) > most)
      throw wrong(value, `a whole number from ${least} to ${most}`);
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

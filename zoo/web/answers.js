// Any outputs of a model as text, tables, bars or pictures, by their dtype and shape.

import { bars, canvas } from "./panels/parts.js";

const SHOWN = 100; // values of an output that are shown

/** The elements that show what a model answered. */
export function shown(outputs, manifest, page) {
  const { element } = page;
  const parts = [];
  const tables = new Map(); // outputs of one value for each place of an axis: columns of one table
  for (const tensor of manifest.outputs) {
    const { dtype, dims, data } = outputs[tensor.name];
    const probabilities = dtype === "float32" && dims.length === 2 && dims[1] === manifest.classes.length;
    if (probabilities) parts.push(heading(tensor, page), likeliest(data, manifest.classes, page));
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

function likeliest(data, classes, page) {
  const order = classes
    .map((_, k) => k)
    .sort((a, b) => data[b] - data[a] || a - b)
    .slice(0, 10);
  const rows = order.map((k) => ({ name: classes[k], value: data[k], text: page.percent(data[k]) }));
  return bars(page, rows, { best: 0 });
}

function image({ name }, [, height, width], data, page) {
  const { element, paint } = canvas(page, height, width, name);
  element.classList.add("made");
  paint(data);
  return element;
}

function table(columns, { element }) {
  const [{ data, tensor }] = columns;
  const rows = Array.from({ length: Math.min(SHOWN, data.length) }, (_, k) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, tensor.names?.[k] ?? `${k + 1}`),
      columns.map((column) => element("td", {}, value(column.data[k], column.dtype))),
    ),
  );
  const more = data.length > SHOWN ? [element("p", { class: "note" }, `The first ${SHOWN} of ${data.length}.`)] : [];
  const heads = columns.map((column) => element("th", { scope: "col", title: column.tensor.meaning }, column.tensor.name));
  return [
    element(
      "div",
      { class: "scroll tall", tabindex: "0" },
      element(
        "table",
        { class: "numbers" },
        element("thead", {}, element("tr", {}, element("th", {}, ""), heads)),
        element("tbody", {}, rows),
      ),
    ),
    ...more,
  ];
}

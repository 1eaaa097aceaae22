// A small network, drawn: units as circles filled by their values, weights as lines, and all of it as a table.
// It reads layers.json and layers.onnx (zoo/web/layers.py).

import { number } from "./parts.js";

const STEP = 74;
const RADIUS = 19;
const FEW = 6; // weights of a layer that can be written beside their lines

/**
 * { element, update(feeds) } of a model that has layers.json, or null. `inputs` and `answers` are names of the first and the last
 * units. `update` runs the instrumented copy of the graph with one example and draws what it found.
 */
export async function network(page, model, { inputs = [], answers = [] } = {}) {
  const file = await model.json("layers.json");
  if (!file) return null;
  const { given, layers } = file;
  const graph = await model.open("layers.onnx");
  const drawing = draw(page, layers, inputs, answers);
  return {
    element: drawing.element,
    async update(feeds) {
      const { outputs } = await graph.run(feeds);
      const found = (name) => Array.from((outputs[name] ?? feeds[name]).data, Number);
      drawing.show(
        found(given),
        layers.map((layer) => ({ sums: found(layer.sum), values: found(layer.value) })),
      );
    },
  };
}

function draw(page, layers, inputs, answers) {
  const { element } = page;
  const sizes = [layers[0].weights[0].length, ...layers.map((layer) => layer.weights.length)];
  const tallest = Math.max(...sizes);
  const gap = tallest > 4 ? 46 : 62;
  const named = [inputs, ...layers.map(() => [])];
  named[layers.length] = answers;
  const [before, after] = [inputs, answers].map((names) => Math.max(0, ...names.map((name) => 7.5 * name.length + 10)));
  const height = tallest * gap + 32;
  const width = before + 2 * RADIUS + 4 + STEP * layers.length + after;
  const place = (column, row) => [before + RADIUS + 2 + STEP * column, 26 + gap * (row + 0.5 + (tallest - sizes[column]) / 2)];
  const heaviest = Math.max(...layers.flatMap((layer) => layer.weights.flat().map(Math.abs)), 1e-9);
  const name = (column, row) =>
    named[column][row] ?? `${column === 0 ? "input" : column === layers.length ? "answer" : `layer ${column}, unit`} ${row + 1}`;

  const lines = [];
  const marks = [];
  layers.forEach((layer, index) => {
    const written = layer.weights.flat().filter(Boolean).length <= FEW;
    layer.weights.forEach((weights, to) =>
      weights.forEach((weight, from) => {
        if (weight === 0) return;
        const [[x1, y1], [x2, y2]] = [place(index, from), place(index + 1, to)];
        const line = element(
          "line",
          {
            x1,
            y1,
            x2,
            y2,
            class: weight > 0 ? "plus" : "minus",
            "stroke-width": (0.8 + (3.2 * Math.abs(weight)) / heaviest).toFixed(2),
          },
          element("title", {}, `${name(index, from)} → ${name(index + 1, to)}: weight ${number(weight, 3)}`),
        );
        lines.push({ line, index, from, to });
        if (written) {
          const along = 0.36;
          const at = { x: x1 + along * (x2 - x1), y: y1 + along * (y2 - y1) + 3.5, class: "weight" };
          marks.push(element("text", at, number(weight)));
        }
      }),
    );
  });

  const units = sizes.map((size, column) =>
    Array.from({ length: size }, (_, row) => {
      const [cx, cy] = place(column, row);
      const text = element("text", { x: cx, y: cy + 4, class: "value" });
      const circle = element("circle", { cx, cy, r: RADIUS });
      const group = element("g", { class: "unit", role: "img", tabindex: column + row === 0 ? 0 : -1 }, circle, text);
      const bias = column > 0 ? layers[column - 1].biases[row] : 0;
      if (bias !== 0) {
        const step = layers[column - 1].activation === "step";
        group.append(
          element(
            "text",
            { x: cx, y: cy + RADIUS + 11, class: "bias" },
            step ? `> ${number(-bias)}` : `${bias > 0 ? "+" : ""}${number(bias)}`,
          ),
        );
      }
      group.addEventListener("focus", () => tell(column, row));
      group.addEventListener("pointerenter", () => tell(column, row));
      return { group, circle, text };
    }),
  );
  const captions = sizes.map((_, column) => {
    const text = column === 0 ? "inputs" : layers[column - 1].activation || "sum";
    return element("text", { x: place(column, 0)[0], y: 14, class: "caption" }, text);
  });
  const labels = [
    ...inputs.map((text, row) => element("text", { x: before - 6, y: place(0, row)[1] + 4, class: "label before" }, text)),
    ...answers.map((text, row) =>
      element("text", { x: width - after + 6, y: place(layers.length, row)[1] + 4, class: "label" }, text),
    ),
  ];
  const svg = element(
    "svg",
    {
      class: "network",
      viewBox: `0 0 ${width} ${height}`,
      role: "group",
      "aria-label": `The network: ${sizes.join(", ")} units; arrow keys go from unit to unit`,
    },
    lines.map(({ line }) => line),
    marks,
    units.flat().map(({ group }) => group),
    captions,
    labels,
  );
  svg.style.setProperty("max-width", `${Math.min(1.35 * width, 640)}px`);
  svg.addEventListener("keydown", move);
  svg.addEventListener("pointerleave", () => mark(null));
  svg.addEventListener("focusout", () => mark(null));
  const readout = element("p", { class: "readout" }, "Point at a unit, or go to one by Tab and arrow keys, to read its sum.");
  const table = element("tbody");
  const details = element(
    "details",
    { class: "as-table" },
    element("summary", {}, "All weights and values as a table"),
    element(
      "div",
      { class: "scroll numbers", tabindex: 0, role: "region", "aria-label": "Weights and values" },
      element(
        "table",
        {},
        element(
          "thead",
          {},
          element(
            "tr",
            {},
            ["unit", "weights", "bias", "sum", "value"].map((text) => element("th", { scope: "col" }, text)),
          ),
        ),
        table,
      ),
    ),
  );
  let shown = null;
  let at = [0, 0];

  function move(event) {
    const by = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (!by) return;
    event.preventDefault();
    const column = Math.max(0, Math.min(sizes.length - 1, at[0] + by[0]));
    const row = Math.max(0, Math.min(sizes[column] - 1, at[1] + by[1]));
    units[at[0]][at[1]].group.setAttribute("tabindex", -1);
    units[column][row].group.setAttribute("tabindex", 0);
    units[column][row].group.focus();
  }

  function mark(unit) {
    svg.classList.toggle("asked", unit !== null);
    for (const { line, index, to } of lines) line.classList.toggle("of", unit !== null && index + 1 === unit[0] && to === unit[1]);
  }

  function tell(column, row) {
    at = [column, row];
    mark(column === 0 ? null : at);
    if (shown) readout.textContent = sentence(column, row);
  }

  function sentence(column, row) {
    const value = number(shown.values[column][row], 3);
    if (column === 0) return `${name(0, row)} is ${value}.`;
    const { weights, biases, activation } = layers[column - 1];
    const terms = weights[row]
      .map((weight, from) => (weight ? `${number(weight)} · ${number(shown.values[column - 1][from])}` : null))
      .filter(Boolean);
    if (biases[row]) terms.push(number(biases[row]));
    const sum = `${terms.join(" + ") || "0"} = ${number(shown.sums[column - 1][row], 3)}`;
    return `${name(column, row)}: ${sum}${activation ? `; ${activation} gives ${value}` : ""}.`;
  }

  function show(given, found) {
    shown = { values: [given, ...found.map(({ values }) => values)], sums: found.map(({ sums }) => sums) };
    shown.values.forEach((values, column) => {
      const most = Math.max(1e-9, ...values.map(Math.abs), 1);
      values.forEach((value, row) => {
        const { group, circle, text } = units[column][row];
        text.textContent = number(value);
        text.setAttribute("class", text.textContent.length > 4 ? "value long" : "value");
        circle.setAttribute("class", value > 0 ? "plus" : value < 0 ? "minus" : "none");
        circle.style.setProperty("--strength", `${Math.round(8 + (62 * Math.abs(value)) / most)}%`);
        group.setAttribute("aria-label", sentence(column, row));
      });
    });
    for (const { line, index, from } of lines) line.classList.toggle("silent", Math.abs(shown.values[index][from]) < 1e-6);
    table.replaceChildren(
      ...sizes.slice(1).flatMap((size, index) =>
        Array.from({ length: size }, (_, row) => {
          const { weights, biases } = layers[index];
          const cells = [
            weights[row].map((weight) => number(weight)).join(", "),
            biases[row],
            shown.sums[index][row],
            shown.values[index + 1][row],
          ];
          const texts = cells.map((cell) => (typeof cell === "string" ? cell : number(cell, 3)));
          return element(
            "tr",
            {},
            element("th", { scope: "row" }, name(index + 1, row)),
            texts.map((text) => element("td", {}, text)),
          );
        }),
      ),
    );
    if (svg.contains(document.activeElement)) readout.textContent = sentence(...at);
  }

  return { element: element("div", { class: "network-panel" }, svg, readout, details), show };
}

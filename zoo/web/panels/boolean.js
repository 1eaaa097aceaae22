// A Boolean function: switches, the whole truth table, and the threshold network inside.

import { latest, trouble, whenSeen } from "./parts.js";
import { network } from "./network.js";

export const title = "Boolean networks";
export const shared = false;

const MOST = 10;

/** bool [batch, n] → bool [batch]. */
export function takes({ inputs, outputs }) {
  return (
    inputs.length === 1 &&
    inputs[0].dtype === "bool" &&
    inputs[0].shape.length === 2 &&
    Number.isInteger(inputs[0].shape[1]) &&
    outputs.length === 1 &&
    outputs[0].dtype === "bool" &&
    outputs[0].shape.length === 1
  );
}

export async function mount(root, [model], page) {
  const { element } = page;
  const [input] = model.manifest.inputs;
  const [output] = model.manifest.outputs;
  const size = input.shape[1];
  const names = input.names?.length === size ? input.names : Array.from({ length: size }, (_, place) => `x${place + 1}`);
  const on = names.map((_, place) => place === 0);
  const problem = trouble(page);
  const feeds = (bits, rows) => ({ [input.name]: { dtype: "bool", dims: [rows, size], data: Uint8Array.from(bits) } });
  const switches = names.map((name, place) =>
    element(
      "button",
      {
        type: "button",
        role: "switch",
        class: "bit",
        "aria-label": name,
        onclick: () => set(on.map((value, at) => (at === place ? !value : value))),
      },
      element("span", { class: "bit-name" }, name),
      element("span", { class: "bit-value" }),
    ),
  );
  const answer = element("output", { class: "bit-answer" });
  const table = element("div", { class: "scroll truth", tabindex: 0, role: "region", "aria-label": "Truth table" });
  const inside = element("div", { class: "inside" });
  root.append(
    element("div", { class: "bits", role: "group", "aria-label": "Inputs" }, switches, answer),
    element("div", { class: "boolean" }, table, inside),
    problem.element,
  );
  let lines = [];
  let drawn = null;

  const ask = latest(async () => {
    const found = await model.run(feeds(on, 1));
    problem.say(null);
    const value = Number(found.outputs[output.name].data[0]);
    answer.replaceChildren(
      `${output.name} = `,
      element("strong", {}, String(value)),
      element("small", {}, ` ${page.milliseconds(found.ms)}`),
    );
    page.announce(`${output.name} is ${value}`);
    await drawn?.update(feeds(on, 1));
  }, problem.say);

  function paint() {
    switches.forEach((button, place) => {
      button.setAttribute("aria-checked", on[place]);
      button.lastChild.textContent = Number(on[place]);
    });
    const current = lines[Number.parseInt(on.map(Number).join(""), 2)];
    for (const line of lines) line.toggleAttribute("aria-current", line === current);
    current?.setAttribute("aria-current", "true");
    if (
      current &&
      (current.offsetTop < table.scrollTop + 30 || current.offsetTop + current.offsetHeight > table.scrollTop + table.clientHeight)
    )
      table.scrollTop = current.offsetTop - table.clientHeight / 2;
  }

  function set(bits) {
    bits.forEach((bit, place) => (on[place] = Boolean(bit)));
    paint();
    ask();
  }

  async function tabulate() {
    const count = 2 ** size;
    const bits = Array.from({ length: count }, (_, row) => names.map((_, place) => (row >> (size - 1 - place)) & 1));
    const { outputs, ms } = await model.run(feeds(bits.flat(), count));
    const values = Array.from(outputs[output.name].data, Number);
    lines = bits.map((row, place) =>
      element(
        "tr",
        { onclick: () => set(row) },
        row.map((bit) => element("td", {}, String(bit))),
        element("td", { class: values[place] ? "result true" : "result" }, String(values[place])),
      ),
    );
    const heads = [...names, output.name].map((name) => element("th", { scope: "col" }, name));
    const caption = `All ${count} rows, asked at once: ${page.milliseconds(ms)}; ${values.filter(Boolean).length} true`;
    table.append(
      element(
        "table",
        {},
        element("caption", {}, caption),
        element("thead", {}, element("tr", {}, heads)),
        element("tbody", {}, lines),
      ),
    );
  }

  paint();
  whenSeen(root, async () => {
    try {
      if (size <= MOST) await tabulate();
      else table.append(element("p", { class: "note" }, `A table of ${2 ** size} rows is too long to show; set the inputs above.`));
      drawn = await network(page, model, { inputs: names, answers: [output.name] });
      if (drawn) inside.append(drawn.element);
    } catch (error) {
      problem.say(error);
    }
    paint();
    await ask();
  });
}

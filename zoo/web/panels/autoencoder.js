// A picture through a narrow code and back, with a slider on each number of the code.

import { formOf, isPicture, prepare } from "../framing.js";
import { drawing, withControls } from "../pad.js";
import { canvas, examplesOf, latest, number, rows, trouble, whenSeen } from "./parts.js";

export const title = "Autoencoders";
export const shared = false;

const MOST = 256;
const SAMPLES = 10;

/** uint8 [batch, h, w] → a picture of the same size, and a code, float32 [batch, k]. */
export function takes({ inputs, outputs }) {
  const { picture, code } = parts({ inputs, outputs });
  return (
    inputs.length === 1 && isPicture(inputs[0]) && Boolean(picture && code) && String(picture.shape) === String(inputs[0].shape)
  );
}

const parts = ({ outputs }) => ({
  picture: outputs.find(isPicture),
  code: outputs.find(({ dtype, shape }) => dtype === "float32" && shape.length === 2 && shape[1] <= MOST),
});

export async function mount(root, [model], page) {
  const { element } = page;
  const [input] = model.manifest.inputs;
  const { picture, code } = parts(model.manifest);
  const [, height, width] = input.shape;
  const size = code.shape[1];
  const changeable = "decoder.onnx" in model.files;
  const problem = trouble(page);
  const given = canvas(page, height, width, "The picture that is read");
  const back = canvas(page, height, width, "The picture that is given back");
  const told = element("p", { class: "note apart" });
  const samples = element("div", { class: "samples", role: "group", "aria-label": "Examples" });
  const controls = Array.from({ length: size }, (_, place) => slider(place));
  const buttons = [
    ["Back to the picture's code", () => own],
    ["Random code", random],
    ["All 0", () => new Float32Array(size)],
  ].map(([text, values]) => element("button", { type: "button", onclick: () => (place(values()), decode()) }, text));
  const form = formOf(model.manifest, input);
  const help = `keys-${model.id}`;
  const pad = drawing(page, help, (drawn) => drawn && take(prepare(drawn, form)));
  root.append(
    element(
      "div",
      { class: "columns" },
      withControls(page, pad, help, element("span", { class: "note" }, "or take one:"), samples),
      element(
        "div",
        {},
        element(
          "div",
          { class: "reconstruction" },
          element("figure", {}, given.element, element("figcaption", {}, "read")),
          element("figure", {}, back.element, element("figcaption", {}, "given back")),
        ),
        told,
        changeable && element("div", { class: "row apart" }, buttons),
        element(
          "div",
          { class: "sliders", role: "group", "aria-label": `The code: ${size} numbers` },
          controls.map(({ row }) => row),
        ),
        problem.element,
      ),
    ),
  );

  function take({ data, blank }) {
    if (!blank) read(data);
  }

  let codes = []; // of the examples
  let own = new Float32Array(size); // of the picture that was read last
  const current = new Float32Array(size);
  const feeds = (grey, count = 1) => ({ [input.name]: { dtype: "uint8", dims: [count, height, width], data: grey } });

  function slider(place) {
    const shown = element("output", {}, "0");
    const range = element("input", {
      type: "range",
      min: 0,
      max: 1,
      step: "any",
      value: 0,
      "aria-label": `${code.name} ${place + 1}`,
      disabled: !changeable,
      oninput: () => {
        current[place] = Number(range.value);
        shown.textContent = number(current[place], 1);
        decode();
      },
      onkeydown: (event) => step(event, range),
    });
    return {
      row: element("label", { class: "slider" }, element("span", { "aria-hidden": "true" }, String(place + 1)), range, shown),
      range,
      shown,
    };
  }

  /** A slider goes a quarter further than the examples do. One that is always about 0 gets some way, too. */
  function limit() {
    const found = controls.map((_, place) => codes.map((row) => row[place]));
    const ends = found.map((values) => [Math.min(0, ...values), Math.max(0, ...values)]);
    const widest = Math.max(...ends.map(([least, most]) => most - least)) || 1;
    controls.forEach(({ range }, place) => {
      const [least, most] = ends[place];
      const room = Math.max(0.25 * (most - least), 0.1 * widest);
      range.min = least < 0 ? least - room : 0;
      range.max = most + room;
    });
  }

  /** Of each number that of any example: values that occur, but not together. */
  function random() {
    return Float32Array.from(controls, ({ range }, place) =>
      codes.length
        ? codes[Math.floor(Math.random() * codes.length)][place]
        : Number(range.min) + Math.random() * (range.max - range.min),
    );
  }

  function place(values) {
    current.set(values);
    controls.forEach(({ range, shown }, at) => {
      if (current[at] > Number(range.max)) range.max = current[at]; // a drawing may go further than the examples
      if (current[at] < Number(range.min)) range.min = current[at];
      range.value = current[at];
      shown.textContent = number(current[at], 1);
    });
  }

  const read = latest(async (grey) => {
    given.paint(grey);
    const { outputs, ms } = await model.run(feeds(grey));
    problem.say(null);
    own = Float32Array.from(outputs[code.name].data);
    place(own);
    const made = outputs[picture.name].data;
    back.paint(made);
    const off = Math.sqrt(made.reduce((sum, value, at) => sum + (value - grey[at]) ** 2, 0) / made.length);
    const error = `a pixel is off by ${number(off, 1)} of 255 (root mean square)`;
    told.textContent = `Given back from ${size} numbers in ${page.milliseconds(ms)}; ${error}.`;
  }, problem.say);

  const decode = latest(async () => {
    const graph = await model.open("decoder.onnx");
    const { outputs, ms } = await graph.run({ [code.name]: { dtype: "float32", dims: [1, size], data: current.slice() } });
    problem.say(null);
    back.paint(outputs[picture.name].data);
    told.textContent = `Made of the code below in ${page.milliseconds(ms)}, by the part of the graph behind it.`;
  }, problem.say);

  async function begin() {
    const pictures = (await examplesOf(model)).slice(0, SAMPLES).map((example) => Uint8Array.from(example.flat()));
    if (!pictures.length) return;
    const { outputs } = await model.run(feeds(Uint8Array.from(pictures.flatMap((grey) => [...grey])), pictures.length));
    codes = rows(outputs[code.name].data, size);
    limit();
    samples.append(
      ...pictures.map((grey, at) => {
        const small = canvas(page, height, width, null);
        small.paint(grey);
        return element(
          "button",
          { type: "button", class: "sample", "aria-label": `Example ${at + 1}`, onclick: () => (pad.paint({ height, width, data: grey }), read(grey)) },
          small.element,
        );
      }),
    );
    await read(pictures[0]);
  }

  whenSeen(root, () => begin().catch(problem.say));
}

/** Arrow keys: a fortieth of a slider's way, with Shift a tenth; a step of "any" has no way of its own. */
function step(event, range) {
  const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 4, PageDown: -4 }[event.key];
  if (!by) return;
  event.preventDefault();
  const [least, most] = [Number(range.min), Number(range.max)];
  range.value = Number(range.value) + by * (event.shiftKey ? 0.1 : 0.025) * (most - least);
  range.dispatchEvent(new Event("input"));
}

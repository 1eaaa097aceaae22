// A picture through a narrow code and back, with a slider on each number of the code.

import { canvas, extra, latest, number, rows, trouble } from "./parts.js";

export const title = "Autoencoders";
export const shared = false;

const MOST = 256;
const SAMPLES = 10;

/** uint8 [batch, h, w] → a picture of the same size, and a code, float32 [batch, k]. */
export function takes({ inputs, outputs }) {
  const { picture, code } = parts({ inputs, outputs });
  return inputs.length === 1 && isPicture(inputs[0]) && Boolean(picture && code) && String(picture.shape) === String(inputs[0].shape);
}

const isPicture = ({ dtype, shape }) => dtype === "uint8" && shape.length === 3;
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
  const problem = trouble(page);
  const given = page.drawing ? page.drawing({ height, width, background: model.manifest.picture?.background ?? "dark", onchange: read }) : null;
  const back = canvas(page, height, width, "The picture given back");
  const told = element("p", { class: "note" });
  const samples = element("div", { class: "samples", role: "group", "aria-label": "Examples" });
  const sliders = element("div", { class: "sliders", role: "group", "aria-label": `The code: ${size} numbers` });
  const actions = element("div", { class: "actions" });
  root.append(
    element("div", { class: "reconstruction" }, element("figure", {}, given?.element, samples), element("figure", {}, back.element, told)),
    actions,
    sliders,
    problem.element,
  );

  const feeds = (grey, count = 1) => ({ [input.name]: { dtype: "uint8", dims: [count, height, width], data: grey } });
  const decoder = "decoder.onnx" in model.files ? await model.open("decoder.onnx") : null;
  const pictures = (await extra(model, "examples.json", {}))[input.name]?.slice(0, SAMPLES).map((example) => Uint8Array.from(example.flat())) ?? [];
  let codes = [];
  if (pictures.length) {
    const all = new Uint8Array(pictures.length * height * width);
    pictures.forEach((grey, place) => all.set(grey, place * height * width));
    const { outputs } = await model.run(feeds(all, pictures.length));
    codes = rows(outputs[code.name].data, size);
  }
  let own = new Float32Array(size);
  let current = new Float32Array(size);
  const limits = Array.from({ length: size }, (_, place) => {
    const found = codes.map((row) => row[place]);
    const [least, most] = [Math.min(0, ...found), Math.max(0, ...found)];
    const room = 0.25 * (most - least) || 1;
    return [least < 0 ? least - room : 0, most + room];
  });
  const controls = limits.map(([least, most], place) => slider(place, least, most));
  sliders.append(...controls.map(({ row }) => row));
  if (decoder) {
    const buttons = [
      ["Back to the picture's code", () => setCode(own)],
      ["Random code", () => setCode(random())],
      ["All 0", () => setCode(new Float32Array(size))],
    ];
    actions.append(...buttons.map(([text, work]) => element("button", { type: "button", onclick: work }, text)));
  }
  samples.append(
    ...pictures.map((grey, place) => {
      const small = canvas(page, height, width, null);
      small.paint(grey);
      small.element.removeAttribute("role");
      const take = () => (given ? given.set(grey) : null, read(grey));
      return element("button", { type: "button", class: "sample", "aria-label": `Example ${place + 1}`, onclick: take }, small.element);
    }),
  );

  function slider(place, least, most) {
    const shown = element("output", {}, "0");
    const range = element("input", {
      type: "range",
      min: least,
      max: most,
      step: (most - least) / 200,
      "aria-label": `${code.name} ${place + 1}`,
      disabled: !decoder,
      oninput: () => {
        current[place] = Number(range.value);
        shown.textContent = number(current[place], 1);
        decode();
      },
    });
    return { row: element("label", { class: "slider" }, element("span", {}, String(place + 1)), range, shown), range, shown };
  }

  /** Of each number that of any example: what occurs, but not together. */
  function random() {
    return Float32Array.from(limits, ([least, most], place) =>
      codes.length ? codes[Math.floor(Math.random() * codes.length)][place] : least + Math.random() * (most - least),
    );
  }

  function place(values) {
    current = Float32Array.from(values);
    controls.forEach(({ range, shown }, at) => {
      if (current[at] > Number(range.max)) range.max = current[at]; // a drawing may go further than the examples
      if (current[at] < Number(range.min)) range.min = current[at];
      range.value = current[at];
      shown.textContent = number(current[at], 1);
    });
  }

  function setCode(values) {
    place(values);
    return decode();
  }

  const encode = latest(async (grey) => {
    const { outputs, ms } = await model.run(feeds(grey));
    problem.say(null);
    own = Float32Array.from(outputs[code.name].data);
    place(own);
    const made = outputs[picture.name].data;
    back.paint(made);
    const error = Math.sqrt(made.reduce((sum, value, at) => sum + (value - grey[at]) ** 2, 0) / made.length);
    told.textContent = `Given back from ${size} numbers in ${page.milliseconds(ms)}; a pixel is off by ${number(error, 1)} of 255 (root mean square).`;
  }, problem.say);

  const decode = latest(async () => {
    const { outputs, ms } = await decoder.run({ [code.name]: { dtype: "float32", dims: [1, size], data: Float32Array.from(current) } });
    problem.say(null);
    back.paint(outputs[picture.name].data);
    told.textContent = `Made from the code below in ${page.milliseconds(ms)}, by the half of the graph behind it.`;
  }, problem.say);

  function read(grey) {
    return encode(Uint8Array.from(grey));
  }

  if (pictures.length) {
    given?.set(pictures[0]);
    await read(pictures[0]);
  }
}

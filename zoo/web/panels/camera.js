// A picture of very few pixels, each of two values, and its class: pixels to click, probabilities, and the network inside.

import { bars, latest, trouble, whenSeen } from "./parts.js";
import { network } from "./network.js";

export const title = "Few-pixel camera";
export const shared = false;

/** float32 [batch, h, w] of two values with at most 16 pixels → label and probabilities. */
export function takes({ inputs, outputs, classes }) {
  const [pixels] = inputs;
  return (
    inputs.length === 1 &&
    pixels.dtype === "float32" &&
    pixels.shape.length === 3 &&
    pixels.shape[1] * pixels.shape[2] <= 16 &&
    pixels.low !== null &&
    pixels.high !== null &&
    classes.length > 0 &&
    chosen(outputs, classes) !== undefined
  );
}

const chosen = (outputs, classes) =>
  outputs.find(({ dtype, shape }) => dtype === "float32" && shape.length === 2 && shape[1] === classes.length);

export async function mount(root, [model], page) {
  const { element } = page;
  const { inputs, outputs, classes } = model.manifest;
  const [pixels] = inputs;
  const [, height, width] = pixels.shape;
  const bright = Array.from({ length: height * width }, (_, place) => place % width === 0);
  const problem = trouble(page);
  const answer = element("div", { class: "said" });
  const places = bright.map((_, place) => `row ${1 + Math.floor(place / width)}, column ${1 + (place % width)}`);
  const buttons = places.map((text, place) =>
    element("button", {
      type: "button",
      class: "pixel",
      "aria-label": `Pixel ${text}`,
      onclick: () => {
        bright[place] = !bright[place];
        show();
      },
      onkeydown: (event) => step(event, place),
    }),
  );
  const grid = element(
    "div",
    { class: "pixel-grid", role: "group", "aria-label": "Pixels: press to make bright or dark" },
    buttons,
  );
  grid.style.setProperty("grid-template-columns", `repeat(${width}, 1fr)`);
  const others = [
    ["Invert", () => bright.forEach((value, place) => (bright[place] = !value))],
    ["Random", () => bright.forEach((_, place) => (bright[place] = Math.random() < 0.5))],
  ].map(([text, work]) => element("button", { type: "button", onclick: () => (work(), show()) }, text));
  const inside = element("div", { class: "inside" });
  root.append(
    element(
      "div",
      { class: "columns" },
      element("div", {}, grid, element("div", { class: "row apart" }, others), answer, problem.element),
      inside,
    ),
  );

  function step(event, place) {
    const by = { ArrowUp: -width, ArrowDown: width, ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    buttons[place + by]?.focus();
  }

  const values = () => Float32Array.from(bright, (value) => (value ? pixels.high : pixels.low));
  const feeds = () => ({ [pixels.name]: { dtype: "float32", dims: [1, height, width], data: values() } });
  let drawn = null;
  const ask = latest(async () => {
    const found = await model.run(feeds());
    const probabilities = Array.from(found.outputs[chosen(outputs, classes).name].data);
    const best = probabilities.indexOf(Math.max(...probabilities));
    problem.say(null);
    const rows = classes.map((name, place) => ({ name, value: probabilities[place], text: page.percent(probabilities[place]) }));
    answer.replaceChildren(
      element("p", { class: "verdict" }, element("strong", {}, classes[best]), ` ${page.percent(probabilities[best])}`),
      bars(page, rows, { best, label: "Probability of each class" }),
      element("p", { class: "note" }, page.milliseconds(found.ms)),
    );
    page.announce(`${classes[best]}, ${page.percent(probabilities[best])}`);
    await drawn?.update(feeds());
  }, problem.say);

  function paint() {
    buttons.forEach((button, place) => button.setAttribute("aria-pressed", bright[place]));
  }

  function show() {
    paint();
    ask();
  }

  paint();
  whenSeen(root, async () => {
    await ask();
    try {
      drawn = await network(page, model, {
        inputs: places.map((_, place) => `${1 + Math.floor(place / width)},${1 + (place % width)}`),
        answers: classes,
      });
    } catch (error) {
      problem.say(error);
    }
    if (!drawn) return;
    inside.append(drawn.element);
    await ask();
  });
}

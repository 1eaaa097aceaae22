// Words: the nearest of each, and "a is to b as c is to …".

import { analogyBy, byGraph, neighboursOf, parts } from "./vectors.js";
import { bars, examplesOf, latest, trouble, whenSeen } from "./parts.js";

export const title = "Words and analogies";
export const shared = true;

const SHOWN = 8;

// To begin with, those of them that a model knows; of a model of another language what its certificate was made on.
const WORDS = ["france", "war", "school", "money", "water", "king", "farmers", "atomic"];
const ANALOGIES = [
  "france french spain",
  "soldier soldiers farmer",
  "good better bad",
  "country countries nation",
  "year years month",
];

/** string [batch] → strings and their similarities, [batch, k], and a vector; or three words → strings and similarities. */
export function takes({ inputs, outputs }) {
  if (!inputs.every(({ dtype, shape }) => dtype === "string" && shape.length === 1)) return false;
  const { words, similar, vector } = parts(outputs);
  return Boolean(words && similar && (inputs.length === 3 || (inputs.length === 1 && vector)));
}

export async function mount(root, models, page) {
  const { element } = page;
  const [near, three] = [1, 3].map((count) => models.filter(({ manifest }) => manifest.inputs.length === count));
  const solvers = three.map((model) => ({ model, solve: (asked) => byGraph(model, asked) }));
  for (const model of near)
    if ("nearest.onnx" in model.files) solvers.push({ model, solve: (asked) => analogyBy(model, asked) });
  const problem = trouble(page);
  const begin = [near.length && neighbours(), solvers.length && analogies()].filter(Boolean);
  root.append(problem.element);
  whenSeen(root, async () => {
    try {
      for (const work of begin) await work();
    } catch (error) {
      problem.say(error);
    }
  });

  /** Builds the part; what it returns begins it. */
  function neighbours() {
    const field = wordField("", "Word");
    const chips = element("div", { class: "chips apart", role: "group", "aria-label": "Examples" });
    const answer = element("div", { class: "tiles near" });
    root.append(
      element(
        "div",
        {},
        element("h3", {}, "Nearest words"),
        form([field], "Find", () => ask()),
        chips,
        answer,
      ),
    );
    const again = (word) =>
      element("button", { type: "button", class: "quiet", onclick: () => ((field.input.value = word), ask()) }, word);
    const ask = latest(async () => {
      const word = field.input.value.trim();
      if (!word) return;
      const found = await Promise.all(near.map((model) => neighboursOf(model, word)));
      problem.say(null);
      answer.replaceChildren(...near.map((model, place) => tile(model, found[place], again)));
      page.announce(`Near ${word}: ${spoken(found[0])}`);
    }, problem.say);
    return async () => {
      const examples = await usual(near[0]);
      chips.replaceChildren(...examples.map(again));
      field.input.value ||= examples[0] ?? "";
      await ask();
    };
  }

  function analogies() {
    const said = [
      ["", "First word"],
      ["is to", "Second word"],
      ["as", "Third word"],
    ];
    const fields = said.map(([before, label]) => wordField(before, label));
    const chips = element("div", { class: "chips apart", role: "group", "aria-label": "Examples of analogies" });
    const answer = element("div", { class: "tiles near" });
    root.append(
      element(
        "div",
        {},
        element("h3", {}, "Analogies"),
        element("p", { class: "note apart" }, "The words nearest to second − first + third, of vectors of length 1."),
        form([...fields, element("span", {}, "is to …")], "Solve", () => ask()),
        chips,
        answer,
      ),
    );
    const fill = (words) => fields.forEach(({ input }, place) => (input.value = words[place]));
    const again = (words) =>
      element(
        "button",
        { type: "button", class: "quiet", onclick: () => (fill(words), ask()) },
        `${words[0]} : ${words[1]} = ${words[2]} : ?`,
      );
    const ask = latest(async () => {
      const asked = fields.map(({ input }) => input.value.trim());
      if (!asked.every(Boolean)) return;
      const found = await Promise.all(solvers.map(({ solve }) => solve(asked)));
      problem.say(null);
      answer.replaceChildren(...solvers.map(({ model }, place) => tile(model, found[place], (word) => word)));
      page.announce(`${asked[0]} is to ${asked[1]} as ${asked[2]} is to ${spoken(found[0])}`);
    }, problem.say);
    return async () => {
      const examples = [];
      for (const words of ANALOGIES.map((line) => line.split(" ")))
        if ((await solvers[0].solve(words)).words.length) examples.push(words);
      chips.replaceChildren(...examples.map(again));
      if (examples.length && !fields.some(({ input }) => input.value)) fill(examples[0]);
      await ask();
    };
  }

  function wordField(before, label) {
    const input = element("input", {
      type: "text",
      "aria-label": label,
      spellcheck: "false",
      autocapitalize: "none",
      autocomplete: "off",
    });
    return Object.assign(element("label", { class: "word" }, before && element("span", {}, before), input), { input });
  }

  function form(fields, action, submit) {
    const send = (event) => (event.preventDefault(), submit());
    return element("form", { class: "words", onsubmit: send }, fields, element("button", { class: "main" }, action));
  }

  function tile(model, { words, cosines, unknown, ms }, name) {
    const rows = words.map((word, place) => ({
      name: name(word),
      value: cosines[place],
      text: cosines[place].toFixed(2).replace("-", "−"),
    }));
    const quoted = unknown.map((word) => `“${word}”`).join(", ");
    return element(
      "div",
      { class: "tile" },
      element("h4", {}, page.breakable(model.id)),
      rows.length
        ? bars(page, rows, { label: "Words with their cosines" })
        : element("p", { class: "note" }, `The model does not know ${quoted}.`),
      element("div", { class: "foot numbers" }, page.milliseconds(ms)),
    );
  }
}

const spoken = ({ words, unknown }) => words.slice(0, 3).join(", ") || `nothing: not known are ${unknown.join(", ")}`;

/** Words to begin with: of the usual ones those that the model knows, else its certificate's. */
async function usual(model) {
  const known = [];
  for (const word of WORDS) if ((await neighboursOf(model, word)).words.length) known.push(word);
  return known.length ? known : (await examplesOf(model)).slice(0, SHOWN);
}

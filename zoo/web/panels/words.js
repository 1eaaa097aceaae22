// Words: the nearest of each, and "a is to b as c is to …".

import { bars, extra, latest, number, rows, trouble } from "./parts.js";

export const title = "Words and analogies";
export const shared = true;

const SHOWN = 8;

/** string [batch] → strings and their similarities, [batch, k], and a vector; or three words → strings and similarities. */
export function takes({ inputs, outputs }) {
  if (!inputs.every(({ dtype, shape }) => dtype === "string" && shape.length === 1)) return false;
  const { words, similar, vector } = parts(outputs);
  return Boolean(words && similar && (inputs.length === 3 || (inputs.length === 1 && vector)));
}

function parts(outputs) {
  const words = outputs.find(({ dtype, shape }) => dtype === "string" && shape.length === 2);
  const numbers = outputs.filter(({ dtype, shape }) => dtype === "float32" && shape.length === 2);
  const similar = numbers.find(({ shape }) => shape[1] === words?.shape[1]);
  const vector = numbers.find((tensor) => tensor !== similar);
  const known = outputs.find(({ dtype, shape }) => dtype === "bool" && shape.length === 1);
  return { words, similar, vector, known };
}

const text = (words) => ({ dtype: "string", dims: [words.length], data: words });

export async function mount(root, models, page) {
  const { element } = page;
  const [near, three] = [1, 3].map((count) => models.filter(({ manifest }) => manifest.inputs.length === count));
  const solvers = [
    ...three.map((model) => ({ model, solve: (asked) => asGraph(model, asked) })),
    ...near.filter((model) => "nearest.onnx" in model.files && !three.some(({ manifest }) => manifest.base === model.manifest.base)).map((model) => ({ model, solve: (asked) => byVectors(model, asked) })),
  ];
  const examples = near.length ? ((await extra(near[0], "examples.json", {}))[near[0].manifest.inputs[0].name] ?? []) : [];
  if (near.length) await neighbours(element("section", {}), near, examples);
  if (solvers.length) await analogies(element("section", {}), solvers, examples);

  async function neighbours(section, models, examples) {
    const problem = trouble(page);
    const field = wordField("Word", "word", examples[0] ?? "");
    const answer = element("div", { class: "side-by-side" });
    section.append(
      element("h4", {}, "Nearest words"),
      form([field], "Find", () => ask()),
      examples.length > 0 && element("div", { class: "chips", role: "group", "aria-label": "Examples" }, examples.slice(0, SHOWN).map(again)),
      answer,
      problem.element,
    );
    root.append(section);

    function again(word) {
      return element("button", { type: "button", class: "chip", onclick: () => ((field.input.value = word), ask()) }, word);
    }

    const ask = latest(async () => {
      const word = field.input.value.trim();
      if (!word) return;
      const found = await Promise.all(models.map((model) => model.run({ [model.manifest.inputs[0].name]: text([word]) })));
      problem.say(null);
      answer.replaceChildren(...models.map((model, place) => list(model, found[place], [word], again)));
      const first = parts(models[0].manifest.outputs).words.name;
      page.announce(`Near ${word}: ${Array.from(found[0].outputs[first].data).slice(0, 3).join(", ")}`);
    }, problem.say);
    await ask();
  }

  async function analogies(section, solvers, examples) {
    const problem = trouble(page);
    const start = await firstKnown(solvers[0], ["man", "men", "woman"], examples);
    const fields = [
      ["", "first word"],
      ["is to", "second word"],
      ["as", "third word"],
    ].map(([before, label], place) => wordField(before, label, start[place] ?? ""));
    const answer = element("div", { class: "side-by-side" });
    section.append(
      element("h4", {}, "Analogies"),
      element("p", { class: "note" }, "The words nearest to second − first + third, of vectors of length 1."),
      form([...fields, element("span", { class: "after" }, "is to …")], "Solve", () => ask()),
      answer,
      problem.element,
    );
    root.append(section);
    const ask = latest(async () => {
      const asked = fields.map(({ input }) => input.value.trim());
      if (!asked.every(Boolean)) return;
      const found = await Promise.all(solvers.map(({ solve }) => solve(asked)));
      problem.say(null);
      answer.replaceChildren(...solvers.map(({ model }, place) => list(model, found[place], asked, (word) => word)));
      const words = parts(solvers[0].model.manifest.outputs).words.name;
      page.announce(`${asked[0]} is to ${asked[1]} as ${asked[2]} is to ${found[0].outputs[words].data[0] || "nothing known"}`);
    }, problem.say);
    await ask();
  }

  function wordField(before, label, value) {
    const input = element("input", { type: "text", "aria-label": label, value, spellcheck: "false", autocapitalize: "none", autocomplete: "off" });
    return Object.assign(element("label", { class: "word" }, before && element("span", {}, before), input), { input });
  }

  function form(fields, action, submit) {
    const send = (event) => (event.preventDefault(), submit());
    return element("form", { class: "words", onsubmit: send }, fields, element("button", { class: "primary" }, action));
  }

  function list(model, { outputs, ms }, asked, name) {
    const { words, similar, known } = parts(model.manifest.outputs);
    const found = Array.from(outputs[words.name].data);
    const cosines = Array.from(outputs[similar.name].data);
    const unknown = known && outputs[known.name] ? !outputs[known.name].data[0] : !found.some(Boolean);
    const strange = outputs.unknown?.data ?? asked;
    return element(
      "div",
      { class: "neighbours" },
      element("h5", {}, model.id, element("small", {}, ` ${page.milliseconds(ms)}`)),
      unknown
        ? element("p", { class: "note" }, `${strange.map((word) => `“${word}”`).join(", ")}: ${strange.length > 1 ? "at least one of these words is" : "this word is"} not known to the model.`)
        : bars(page, found.map((word, place) => ({ name: name(word), value: cosines[place], text: number(cosines[place]) })).filter((_, place) => found[place]), { label: "Nearest words with their cosines" }),
    );
  }
}

/** The example words, where the model knows them, else three of its own. */
async function firstKnown({ solve, model }, words, examples) {
  const { words: output } = parts(model.manifest.outputs);
  const { outputs } = await solve(words);
  return outputs[output.name].data.some(Boolean) ? words : examples.slice(0, 3);
}

/** By a graph of analogies. */
function asGraph(model, asked) {
  return model.run(Object.fromEntries(model.manifest.inputs.map(({ name }, place) => [name, text([asked[place]])])));
}

/** By the part of a graph of neighbours that lies behind a word's vector: it is given b − a + c in the place of c's own. */
async function byVectors(model, asked) {
  const [{ name }] = model.manifest.inputs;
  const { words, similar, vector, known } = parts(model.manifest.outputs);
  const { outputs, ms } = await model.run({ [name]: text(asked) });
  const vectors = rows(outputs[vector.name].data, outputs[vector.name].dims[1]);
  const lengths = vectors.map((numbers) => Math.hypot(...numbers));
  const unknown = asked.filter((_, place) => (known ? !outputs[known.name].data[place] : !lengths[place]));
  if (unknown.length) {
    const none = { dtype: "string", dims: [1, 1], data: [""] };
    const nothing = { dtype: "float32", dims: [1, 1], data: new Float32Array(1) };
    return { outputs: { [words.name]: none, [similar.name]: nothing, unknown: text(unknown) }, ms };
  }
  const [a, b, c] = vectors.map((numbers, place) => numbers.map((value) => value / lengths[place]));
  const sum = c.map((value, place) => value + b[place] - a[place]);
  // The graph takes cosines by the length of the word's own vector.
  const scale = lengths[2] / (Math.hypot(...sum) || 1);
  const graph = await model.open("nearest.onnx");
  const solved = await graph.run({
    [name]: text([asked[2]]),
    [vector.name]: { dtype: "float32", dims: [1, sum.length], data: Float32Array.from(sum, (value) => value * scale) },
  });
  const lower = asked.map((word) => word.toLowerCase());
  const kept = Array.from(solved.outputs[words.name].data, (word, place) => [word, solved.outputs[similar.name].data[place]]).filter(([word]) => !lower.includes(word.toLowerCase()));
  return {
    outputs: {
      [words.name]: { dtype: "string", dims: [1, kept.length], data: kept.map(([word]) => word) },
      [similar.name]: { dtype: "float32", dims: [1, kept.length], data: Float32Array.from(kept, ([, cosine]) => cosine) },
    },
    ms: ms + solved.ms,
  };
}

// A sentence in, a sentence and its score out.

import { bars, examplesOf, latest, number, trouble, whenSeen } from "./parts.js";

export const title = "Translators";
export const shared = false;

const MOST = 64;
const SHOWN = 5;

/** string [batch] → string [batch] and a score, float32 [batch]. */
export function takes({ inputs, outputs }) {
  return inputs.length === 1 && isText(inputs[0]) && outputs.some(isText) && outputs.some(isScore);
}

const isText = ({ dtype, shape }) => dtype === "string" && shape.length === 1;
const isScore = ({ dtype, shape }) => dtype === "float32" && shape.length === 1;

export async function mount(root, [model], page) {
  const { element } = page;
  const [input] = model.manifest.inputs;
  const text = model.manifest.outputs.find(isText);
  const score = model.manifest.outputs.find(isScore);
  const problem = trouble(page);
  const chips = element("div", { class: "chips apart", role: "group", "aria-label": "Examples" });
  const field = element("textarea", {
    id: `text-${model.id}`,
    rows: 3,
    spellcheck: "false",
    autocapitalize: "sentences",
    onkeydown: (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && ask(),
  });
  const answer = element("div", { class: "translations" });
  const told = element("p", { class: "note" });
  const button = element("button", { type: "button", class: "main", onclick: () => ask() }, "Translate");
  root.append(
    element(
      "p",
      { class: "note lead-in" },
      `${model.manifest.summary}. Trained on ${model.manifest.dataset.id}, so what is unlike that comes out badly.`,
    ),
    element(
      "div",
      { class: "field" },
      element("label", { for: field.id }, `${capital(input.meaning)}, or several, one on each line`),
      field,
    ),
    element("div", { class: "row apart" }, button, element("span", { class: "note" }, "or Ctrl + Enter")),
    chips,
    answer,
    told,
    problem.element,
  );

  function chip(example) {
    return element("button", { type: "button", class: "quiet", onclick: () => ((field.value = example), ask()) }, example);
  }

  /** Of a log of a probability, the probability as a bar; any other score as it is. */
  function surety(value) {
    const name = `${score.name} ${number(value)}`;
    if (score.high !== 0) return element("p", { class: "note" }, name);
    return bars(page, [{ name, value: Math.exp(value), text: page.percent(Math.exp(value)) }]);
  }

  const ask = latest(
    async () => {
      const asked = field.value
        .split("\n")
        .map((line) => line.trim())
        .filter(Boolean);
      const lines = asked.slice(0, MOST);
      if (!lines.length) {
        answer.replaceChildren();
        told.textContent = "Write a sentence first.";
        return;
      }
      told.textContent = model.state === "ready" ? "Translating …" : "Loading the model …";
      const { outputs, ms } = await model.run({ [input.name]: { dtype: "string", dims: [lines.length], data: lines } });
      problem.say(null);
      const found = outputs[text.name].data;
      const sure = Array.from(outputs[score.name].data);
      answer.replaceChildren(
        ...lines.map((line, place) =>
          element(
            "div",
            { class: "translation" },
            lines.length > 1 && element("p", { class: "source" }, line),
            element("p", { class: "target" }, found[place] || "(nothing)"),
            surety(sure[place]),
          ),
        ),
      );
      const left = asked.length > lines.length ? ` The first ${MOST} lines of ${asked.length}.` : "";
      const many = lines.length > 1 ? ` for ${lines.length} sentences` : "";
      const bar = score.high === 0 ? "; the bar is its exponential, the mean probability of a step" : "";
      told.textContent = `${page.milliseconds(ms)}${many}. ${capital(score.name)}: ${score.meaning}${bar}.${left}`;
      page.announce(found.join(" "));
    },
    (error) => {
      told.textContent = "";
      answer.replaceChildren();
      problem.say(error);
    },
  );

  whenSeen(root, async () => {
    const examples = await examplesOf(model).catch(() => []);
    chips.replaceChildren(...examples.slice(0, SHOWN).map(chip));
    field.value ||= examples[0] ?? "";
    if (field.value) await ask();
  });
}

const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

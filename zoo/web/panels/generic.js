// Any model, by its signature alone: a field for each input, and its outputs as text, tables, bars or pictures.

import { shown } from "../answers.js";
import { field } from "../fields.js";

export const title = "Ask a model";
export const shared = false;

export function takes() {
  return true;
}

export async function mount(root, [model], page) {
  const { element } = page;
  const { manifest } = model;
  const fields = manifest.inputs.map((tensor) => field(tensor, model, page));
  const answer = element("div", { class: "answers", role: "status" }, element("p", { class: "note" }, "Its answer is shown here."));
  const button = element("button", { type: "submit", class: "main" }, "Ask");
  const form = element(
    "form",
    { onsubmit: ask },
    fields.map((one) => one.element),
    button,
  );

  async function ask(event) {
    event.preventDefault();
    button.disabled = true;
    if (model.state !== "ready") answer.replaceChildren(element("p", { class: "note" }, `Loading ${page.size(model.bytes)} …`));
    try {
      const feeds = Object.fromEntries(fields.map((one) => [one.name, one.read()]));
      const { outputs, ms } = await model.run(feeds);
      answer.replaceChildren(...shown(outputs, manifest, page), element("p", { class: "note numbers" }, page.milliseconds(ms)));
    } catch (error) {
      answer.replaceChildren(element("p", { class: "problem" }, error.message));
    }
    button.disabled = false;
  }

  root.append(
    element("p", { class: "note", style: { "margin-bottom": "1.25rem" } }, manifest.summary),
    element("div", { class: "columns" }, form, answer),
  );
}

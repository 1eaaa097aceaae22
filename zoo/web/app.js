// The page: panels under headings, the models' cards, the navigation, and what is kept for use offline.

import { cards } from "./cards.js";
import { keepOffline } from "./offline.js";
import * as helpers from "./page.js";
import { panels } from "./panels/index.js";
import { loadIndex } from "./runtime.js";

const { element } = helpers;

/** [{panel, models, id, heading}]: one entry for a shared panel, one a model for the others. */
function placed(models) {
  const shown = [];
  for (const panel of panels) {
    const taken = models.filter((model) => panels.find((candidate) => candidate.takes(model.manifest)) === panel);
    const slug = panel.title.toLowerCase().replace(/[^a-z0-9]+/g, "-");
    if (!taken.length) continue;
    if (panel.shared) shown.push({ panel, models: taken, id: slug, heading: panel.title });
    else for (const model of taken) shown.push({ panel, models: [model], id: `${slug}-${model.id}`, heading: panel.title });
  }
  return shown;
}

function problem(error) {
  console.warn(error);
  return element("p", { class: "problem", role: "alert" }, error.message);
}

async function start() {
  const place = document.getElementById("panels");
  let index;
  try {
    index = await loadIndex();
  } catch (error) {
    place.replaceChildren(element("section", { class: "wide" }, problem(error)));
    return;
  }
  place.replaceChildren();
  const bytes = index.runtime.files.reduce((sum, file) => sum + file.bytes, 0);
  const page = { ...helpers, runtime: { version: index.runtime.version, bytes } };
  const entries = placed(index.models);
  const repeated = (heading) => entries.filter((entry) => entry.heading === heading).length > 1;
  const nav = document.getElementById("nav");
  for (const { panel, models, id, heading } of entries) {
    const root = element("div", { class: "panel" });
    const chips = models.map((model) => element("li", {}, element("a", { class: "chip", href: `#model-${model.id}` }, model.id)));
    const head = element(
      "div",
      { class: "head" },
      element("h2", { id: `${id}-title` }, heading),
      element("ul", { class: "chips" }, chips),
    );
    place.append(element("section", { id, class: "wide", "aria-labelledby": `${id}-title` }, head, root));
    nav.append(element("a", { href: `#${id}` }, repeated(heading) ? models[0].id : heading));
    try {
      await panel.mount(root, models, page);
    } catch (error) {
      root.replaceChildren(problem(error));
    }
  }
  nav.append(element("a", { href: "#models" }, "Cards"));
  place.append(cards(index.models));
  keepOffline(document.getElementById("footer"), index);
  document.documentElement.dataset.ready = "true";
  // The browser looked for the address's anchor before the panels were there.
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

await start();

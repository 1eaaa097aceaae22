// Each model's card and certificate.

import { breakable, element, size } from "./page.js";

/** 0.99570 → "0.9957", 12345.6 → "12,346", 3.07e-7 → "3.1 × 10⁻⁷". */
function figure(value) {
  if (value !== 0 && Math.abs(value) < 1e-3) {
    const [digits, power] = value.toExponential(1).split("e");
    return `${digits}\u00a0×\u00a010⁻${[...power.slice(1)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("")}`;
  }
  return Number(value.toPrecision(Math.abs(value) < 1e4 ? 4 : 9)).toLocaleString("en-GB", { maximumFractionDigits: 6 });
}

/** What the certificate says, in one sentence. */
function proof({ certificate }) {
  const said = [];
  if (certificate.audit) {
    const { examples, changed } = certificate.audit;
    const many = examples.toLocaleString("en-GB");
    said.push(
      changed?.length
        ? `${changed.length} of ${many} test answers differ from PyTorch's, each a tie`
        : `${many} test answers are PyTorch's`,
    );
  }
  const worst = Object.values(certificate.bounds ?? {}).sort(
    (a, b) => b.onnxruntime_error / b.bound - a.onnxruntime_error / a.bound,
  )[0];
  if (worst) said.push(`largest error ${figure(worst.onnxruntime_error)} of ${figure(worst.bound)} allowed`);
  if (certificate.cases) said.push(`${certificate.cases.length} golden cases`);
  return said.length ? `Certificate: ${said.join("; ")}.` : "";
}

function badge(model) {
  return model.certified
    ? element("span", { class: "badge good", title: "Every file has the hash that its manifest gives." }, "certified")
    : element("span", { class: "badge", title: "A bare file: no certificate came with it." }, "not certified");
}

/** A page made of the artifact's Markdown when this page was built, loaded when it is unfolded. */
function folded(model, name, heading) {
  if (!model.files[name]) return null;
  const text = element("div", { class: "text" });
  const details = element("details", {}, element("summary", {}, heading), text);
  details.addEventListener("toggle", async () => {
    if (!details.open || text.childNodes.length) return;
    try {
      const response = await fetch(model.files[name]);
      if (!response.ok) throw new Error(response.statusText);
      const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
      // A wide table scrolls in a box of its own, which the keyboard must reach.
      for (const table of parsed.querySelectorAll("table")) {
        const box = parsed.createElement("div");
        box.className = "scroll";
        box.tabIndex = 0;
        table.replaceWith(box);
        box.append(table);
      }
      text.replaceChildren(...parsed.body.childNodes);
    } catch (error) {
      text.replaceChildren(element("p", { class: "problem" }, `It could not be loaded: ${error.message}`));
    }
  });
  return details;
}

function state(model) {
  const line = element("p", { class: "note state" });
  const tell = () => {
    line.classList.toggle("problem", model.state === "failed");
    line.textContent = {
      unloaded: `${size(model.bytes)}, loaded when it is first asked.`,
      loading: `${size(model.bytes)}, loading …`,
      ready: model.proven
        ? `${size(model.bytes)} loaded; its SHA-256 is the manifest's.`
        : `${size(model.bytes)} loaded; its hash cannot be checked over plain HTTP.`,
      failed: model.problem,
    }[model.state];
  };
  model.addEventListener("change", tell);
  tell();
  return line;
}

function tensors(kind, given) {
  return given.map(({ name, dtype, shape, meaning }) =>
    element(
      "tr",
      {},
      element("td", {}, kind),
      element("td", {}, element("code", {}, name)),
      element("td", {}, `${dtype} [${shape.join(", ")}]`),
      element("td", {}, meaning),
    ),
  );
}

function metrics(manifest) {
  return Object.entries(manifest.metrics).map(([name, value]) =>
    element("div", { class: "figure" }, element("dt", {}, name.replaceAll("_", " ")), element("dd", {}, figure(value))),
  );
}

/** What a model says of itself; where that cannot be shown, as of a stranger's certificate of another form, what is wrong. */
function article(model) {
  const head = element("div", { class: "head" }, element("h3", {}, breakable(model.id)), badge(model));
  let said;
  try {
    said = body(model);
  } catch (error) {
    said = element("p", { class: "problem" }, `It cannot be shown: ${error.message}`);
  }
  return element("article", { id: `model-${model.id}`, class: "card" }, head, said);
}

function body(model) {
  const inside = element(
    "table",
    {},
    element("tbody", {}, tensors("input", model.manifest.inputs), tensors("output", model.manifest.outputs)),
  );
  return [
    element("p", {}, model.manifest.summary),
    element("dl", { class: "figures" }, metrics(model.manifest)),
    model.certificate ? element("p", { class: "note" }, proof(model)) : null,
    state(model),
    element(
      "details",
      {},
      element("summary", {}, "Inputs and outputs"),
      element("div", { class: "scroll", tabindex: "0" }, inside),
    ),
    folded(model, "card.html", "Card"),
    folded(model, "certificate.html", "Certificate"),
    element(
      "p",
      { class: "note" },
      element("a", { href: model.files["model.onnx"], download: `${model.id}.onnx` }, "model.onnx"),
    ),
  ];
}

export function cards(models) {
  return element(
    "section",
    { id: "models", class: "wide", "aria-labelledby": "models-title" },
    element("div", { class: "head" }, element("h2", { id: "models-title" }, "Cards and certificates")),
    element("div", { class: "cards" }, models.map(article)),
  );
}

// One drawing, and the answers of every classifier of pictures side by side.

import { formOf, isPicture, prepare } from "../framing.js";
import { drawing, withControls } from "../pad.js";
import { canvas, latest } from "./parts.js";

export const title = "Draw a digit";
export const shared = true;

const MOST = 10; // classes of which bars are shown

/** One grey picture of fixed size in; one label and its probabilities out. */
export function takes(manifest) {
  return manifest.inputs.length === 1 && isPicture(manifest.inputs[0]) && outputs(manifest) !== null;
}

function outputs({ outputs, classes }) {
  const labels = outputs.filter(({ dtype, shape }) => dtype === "string" && shape.length === 1);
  const sized = outputs.filter(({ dtype, shape }) => dtype === "float32" && shape.length === 2 && shape[1] === classes.length);
  return labels.length === 1 && sized.length === 1 ? [labels[0].name, sized[0].name] : null;
}

const form = (manifest) => formOf(manifest, manifest.inputs[0]);

export async function mount(root, models, page) {
  const { element } = page;
  const tiles = models.map((model) => new Tile(model, page));
  const first = form(models[0].manifest);
  const seen = canvas(page, first.height, first.width, "What the first model sees");
  const show = (grey) => seen.paint(grey ? prepare(grey, first).data : new Uint8Array(first.height * first.width));
  const told = element("p", { class: "note" }, "What the models see: cut out, scaled, centred by its mass.");

  const ask = latest(
    async (grey) => {
      if (!grey) for (const tile of tiles) tile.empty();
      else await Promise.all(tiles.map((tile) => tile.ask(grey)));
    },
    (error) => {
      throw error; // none is known: a tile tells its own
    },
  );
  const words = () => tiles.flatMap((tile) => tile.words || []).join("; ");
  const asked = page.debounce(() => page.announce(words()), 700);

  const pad = drawing(
    page,
    "pad-help",
    (grey) => {
      show(grey);
      ask(grey).then(asked);
    },
    () => load(tiles),
  );

  const file = element("input", {
    type: "file",
    accept: "image/*",
    class: "hidden",
    onchange: () => file.files[0] && pad.take(file.files[0]),
  });
  const bytes = models.reduce((sum, model) => sum + model.bytes, 0);
  root.append(
    element(
      "div",
      { class: "columns drawn" },
      withControls(
        page,
        pad,
        "pad-help",
        element("label", { class: "button" }, "Choose a picture", file),
        element("div", { class: "seen" }, seen.element, told),
        " A picture can also be dropped or pasted.",
      ),
      element(
        "div",
        {},
        element(
          "div",
          { class: "tiles" },
          tiles.map((tile) => tile.element),
        ),
        element(
          "p",
          { class: "note", style: { "margin-top": "1rem" } },
          `${models.length === 1 ? "The model is" : `These ${models.length} models are`} loaded when you come to draw ` +
            `(${page.size(bytes)}, with onnxruntime ${page.size(page.runtime.bytes)} once).`,
        ),
      ),
    ),
  );
  show(null);
}

function load(tiles) {
  for (const tile of tiles) tile.load();
}

/** The answer of one model: its label, bars, and milliseconds. */
class Tile {
  constructor(model, page) {
    const { element } = page;
    Object.assign(this, { model, page, words: "" });
    [this.label, this.probabilities] = outputs(model.manifest);
    this.answer = element("div", { class: "answer" });
    this.rows = model.manifest.classes.slice(0, MOST).map((name) => {
      const bar = element("span");
      const share = element("dd");
      const title = element("dt", {}, name);
      return {
        row: element("div", {}, title, element("dd", { class: "track", "aria-hidden": "true" }, bar), share),
        title,
        bar,
        share,
      };
    });
    this.foot = element("div", { class: "foot numbers" });
    this.element = element(
      "article",
      { class: "tile", "data-model": model.id },
      element("h3", {}, page.breakable(model.id)),
      this.answer,
      element(
        "dl",
        { class: "bars" },
        this.rows.map(({ row }) => row),
      ),
      this.foot,
    );
    model.addEventListener("change", () => this.tell(model.state === "loading" ? "loading …" : ""));
    this.empty();
  }

  tell(...words) {
    this.foot.classList.remove("problem");
    this.foot.replaceChildren(...words.map((word) => this.page.element("span", {}, word)));
  }

  load() {
    this.model.ready().catch((error) => this.fail(error));
  }

  fail(error) {
    this.tell(error.message);
    this.foot.classList.add("problem");
    this.answer.textContent = "–";
    this.words = "";
  }

  empty() {
    this.words = "";
    this.answer.textContent = "";
    this.show(
      this.model.manifest.classes.map(() => 0),
      this.model.manifest.classes,
      -1,
    );
    if (this.model.state !== "failed") this.tell(this.model.state === "loading" ? "loading …" : "");
  }

  show(shares, classes, best) {
    // All classes in their order where there are few of them, else the most likely.
    const order = shares.map((_, k) => k);
    if (classes.length > MOST) order.sort((a, b) => shares[b] - shares[a] || a - b);
    this.rows.forEach(({ row, title, bar, share }, at) => {
      const k = order[at];
      title.textContent = classes[k];
      row.classList.toggle("best", k === best);
      bar.style.setProperty("--share", shares[k]);
      share.textContent = best < 0 ? "" : this.page.percent(shares[k]);
    });
  }

  async ask(grey) {
    const { manifest } = this.model;
    try {
      const picture = prepare(grey, form(manifest));
      if (picture.blank) {
        this.empty();
        return;
      }
      const feeds = { [manifest.inputs[0].name]: { dtype: "uint8", dims: [1, picture.height, picture.width], data: picture.data } };
      const { outputs: found, ms } = await this.model.run(feeds);
      const label = found[this.label].data[0];
      const shares = [...found[this.probabilities].data];
      const best = manifest.classes.indexOf(label);
      this.answer.textContent = label;
      this.show(shares, manifest.classes, best);
      this.tell(this.page.milliseconds(ms), `${this.page.size(this.model.bytes)}`);
      this.words = `${this.model.id} says ${label}, ${this.page.percent(shares[best])}`;
    } catch (error) {
      this.fail(error);
    }
  }
}

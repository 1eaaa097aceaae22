// What several panels are built of.

import { toImage } from "../framing.js";

/** Bars: rows of { name, value, text }, `value` from 0 to 1; a name may be an element. `best` marks one row. */
export function bars({ element }, rows, { best = -1, label = null } = {}) {
  return element(
    "dl",
    { class: "bars", role: label && "group", "aria-label": label },
    rows.map(({ name, value, text }, place) =>
      element(
        "div",
        { class: place === best ? "best" : null },
        element("dt", {}, name),
        element(
          "dd",
          { class: "track", "aria-hidden": "true" },
          element("span", { style: { "--share": Math.min(1, Math.max(0, value)) } }),
        ),
        element("dd", {}, text),
      ),
    ),
  );
}

/** `work`, one call after the other; of calls that come while it runs only the last is made. Errors go to `failed`. */
export function latest(work, failed) {
  let running = false;
  let waiting = null;
  return async function call(...given) {
    waiting = given;
    if (running) return;
    running = true;
    try {
      while (waiting) {
        const now = waiting;
        waiting = null;
        await work(...now);
      }
    } catch (error) {
      failed(error);
    } finally {
      running = false;
    }
  };
}

/** A canvas that shows grey pictures of one size, 0 black and 255 white. */
export function canvas(page, height, width, label) {
  const made = page.element("canvas", {
    class: "pixels",
    height,
    width,
    role: label && "img",
    "aria-label": label,
    "aria-hidden": !label && "true",
  });
  const context = made.getContext("2d");
  return {
    element: made,
    paint: (grey) => context.putImageData(toImage(grey, height, width), 0, 0),
  };
}

/** A place for what went wrong: `say(error)` shows it, `say(null)` takes it away. */
export function trouble(page) {
  const element = page.element("p", { class: "problem", role: "alert", hidden: true });
  return {
    element,
    say(error) {
      element.hidden = !error;
      element.textContent = error ? `No answer: ${error.message ?? error}` : "";
    },
  };
}

/** A number as people read it: "−0.76", "1", "0". */
export function number(value, digits = 2) {
  const text = Number(value).toFixed(digits);
  const short = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  return short === "-0" ? "0" : short.replace("-", "−");
}

/** The rows of a table of `data`, `width` numbers or texts each. */
export function rows(data, width) {
  return Array.from({ length: data.length / width }, (_, row) => Array.from(data.slice(row * width, (row + 1) * width)));
}

/** What the certificate's vectors have as examples of the model's first input; none where there is no certificate. */
export async function examplesOf(model) {
  return (await model.json("examples.json"))?.[model.manifest.inputs[0].name] ?? [];
}

/** `work`, once `element` comes near the window: models are loaded when somebody looks. */
export function whenSeen(element, work) {
  const watch = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      watch.disconnect();
      work();
    },
    { rootMargin: "200px" },
  );
  watch.observe(element);
}

// What panels build with.

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = new Set([
  "svg",
  "g",
  "path",
  "line",
  "circle",
  "rect",
  "text",
  "title",
  "desc",
  "polyline",
  "polygon",
  "defs",
  "marker",
]);

/**
 * An element: `element("p", { class: "note", onclick: f }, "text", other)`. Text is always escaped.
 * An attribute that is true stands alone, one that is false, null or undefined is left out; `style` is an object of properties
 * (the page's content policy forbids style attributes); `on…` is a listener. SVG's elements are known.
 */
export function element(tag, attributes = {}, ...children) {
  const made = SHAPES.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [property, set] of Object.entries(value)) made.style.setProperty(property, set);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** An id that may be broken after its dots and dashes, as children of an element. */
export function breakable(id) {
  return id.split(/(?<=[.-])/).flatMap((part) => [part, document.createElement("wbr")]);
}

/** "0.42 ms", "13 ms", "1.2 s". */
export function milliseconds(ms) {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms < 1 ? ms.toFixed(2) : ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}

/** 0.9957 → "99.6 %". */
export function percent(p) {
  return `${(100 * p).toFixed(1)} %`;
}

/** "35 kB", "2.7 MB". */
export function size(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Say something to screen readers, when they are done with what they are reading. */
export function announce(text) {
  document.getElementById("said").textContent = text;
}

/** `f`, called once after the last of several calls, `ms` later. */
export function debounce(f, ms = 150) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => f(...given), ms);
  };
}

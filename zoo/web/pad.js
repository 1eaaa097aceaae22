// A square to draw in, with mouse, finger, pen or keyboard, or to drop a picture on.

import { toGrey, toImage } from "./framing.js";

const SIDE = 280; // pixels of the drawing
const PEN = 22; // as thick in it as MNIST's strokes are in a frame of 28
const STEP = 10; // that an arrow key goes
const LONGEST = 2048; // pixels a side of a person's picture; more would take the memory of a phone and show no more

/**
 * The drawing area. `help` is the id of what tells how it works; `changed` is told of every change, with
 * { height, width, data: Uint8Array } (bright on dark, or as a picture of the person's own is), or null when it is cleared;
 * `used` once, when a hand comes near. Returns { element, clear(), take(blob), paint(grey) }: what is painted is not told.
 */
export function drawing(page, help, changed, used = () => {}) {
  const { element } = page;
  const ink = element("canvas", {
    class: "ink",
    width: SIDE,
    height: SIDE,
    tabindex: "0",
    role: "application",
    "aria-label": "Drawing area",
    "aria-describedby": help,
  });
  const cursor = element("canvas", { class: "cursor", width: SIDE, height: SIDE, "aria-hidden": "true" });
  const hint = element("div", { class: "hint", "aria-hidden": "true" }, "Draw here");
  const context = ink.getContext("2d", { willReadFrequently: true });
  Object.assign(context, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: "#fff", fillStyle: "#000" });
  context.fillRect(0, 0, SIDE, SIDE);

  let frame = 0;
  let began = false;
  function begin() {
    if (!began) used();
    began = true;
  }
  function tell() {
    hint.style.display = "none";
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      changed(toGrey(context.getImageData(0, 0, SIDE, SIDE), "dark"));
    });
  }
  function clear() {
    cancelAnimationFrame(frame);
    frame = 0;
    context.fillRect(0, 0, SIDE, SIDE);
    hint.style.display = "";
    changed(null);
    page.announce("cleared");
  }

  // Mouse, finger, pen: the browser gathers several positions in one event.
  const last = new Map();
  const place = (event) => {
    const box = ink.getBoundingClientRect();
    return [((event.clientX - box.left) * SIDE) / box.width, ((event.clientY - box.top) * SIDE) / box.height];
  };
  function line(from, to) {
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
    tell();
  }
  ink.addEventListener("pointerenter", begin);
  ink.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    begin();
    ink.setPointerCapture(event.pointerId);
    last.set(event.pointerId, place(event));
    line(place(event), place(event));
  });
  ink.addEventListener("pointermove", (event) => {
    if (!last.has(event.pointerId)) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const one of passed.length ? passed : [event]) {
      const to = place(one);
      line(last.get(event.pointerId), to);
      last.set(event.pointerId, to);
    }
  });
  for (const end of ["pointerup", "pointercancel"]) ink.addEventListener(end, (event) => last.delete(event.pointerId));

  // Keyboard.
  let at = [SIDE / 2, SIDE / 2];
  let down = false;
  const shown = cursor.getContext("2d");
  function mark() {
    shown.clearRect(0, 0, SIDE, SIDE);
    shown.lineWidth = 3;
    shown.strokeStyle = down ? "#62cfbd" : "#8b9793";
    shown.beginPath();
    shown.arc(...at, PEN / 2 + 3, 0, 2 * Math.PI);
    shown.stroke();
  }
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  ink.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in arrows) {
      const to = at.map((value, axis) => Math.min(SIDE - PEN, Math.max(PEN, value + STEP * arrows[event.key][axis])));
      if (down) line(at, to);
      at = to;
    } else if (event.key === " ") {
      begin();
      down = !down;
      if (down) line(at, at);
      page.announce(down ? "pen down" : "pen up");
    } else if (event.key === "Delete" || event.key === "Backspace") {
      down = false;
      clear();
    } else if (event.key === "Escape" && down) {
      down = false;
    } else {
      return;
    }
    event.preventDefault();
    mark();
  });
  ink.addEventListener("blur", () => {
    down = false;
  });
  mark();

  /** Show a picture in the middle of the drawing, as large as it can be with its shape kept. */
  function fit(picture) {
    const { width, height } = scaled(picture, Math.min(SIDE / picture.width, SIDE / picture.height));
    cancelAnimationFrame(frame); // a stroke that was not told yet is gone
    frame = 0;
    context.fillRect(0, 0, SIDE, SIDE);
    context.drawImage(picture, (SIDE - width) / 2, (SIDE - height) / 2, width, height);
    hint.style.display = "none";
  }

  function paint({ height, width, data }) {
    const own = new OffscreenCanvas(width, height);
    own.getContext("2d").putImageData(toImage(data, height, width), 0, 0);
    fit(own);
  }

  /** A picture of the person's own, scaled to the drawing with its shape kept; the models get it in its own size. */
  async function take(blob) {
    begin();
    let bitmap;
    try {
      bitmap = await createImageBitmap(blob);
    } catch {
      page.announce("This file is no picture that the browser can read.");
      hint.textContent = "This file is no picture that the browser can read.";
      hint.style.display = "";
      return;
    }
    const { width, height } = scaled(bitmap, Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height)));
    const own = new OffscreenCanvas(width, height).getContext("2d");
    own.imageSmoothingQuality = "high";
    own.drawImage(bitmap, 0, 0, width, height);
    const grey = toGrey(own.getImageData(0, 0, width, height), "dark");
    fit(bitmap);
    changed(grey);
  }
  ink.addEventListener("dragover", (event) => {
    event.preventDefault();
    ink.classList.add("over");
  });
  ink.addEventListener("dragleave", () => ink.classList.remove("over"));
  ink.addEventListener("drop", (event) => {
    event.preventDefault();
    ink.classList.remove("over");
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
  document.addEventListener("paste", (event) => {
    const near = [":focus-within", ":hover", ""].map((state) => document.querySelector(`.pad${state} .ink`)).find(Boolean);
    const picture = [...event.clipboardData.files].find(({ type }) => type.startsWith("image/"));
    if (!picture || near !== ink || event.target.matches?.("input, textarea")) return;
    event.preventDefault();
    take(picture);
  });
  return { element: element("div", { class: "pad" }, ink, cursor, hint), clear, take, paint };
}

function scaled({ height, width }, by) {
  return { height: Math.max(1, Math.round(by * height)), width: Math.max(1, Math.round(by * width)) };
}

/** A drawing area with what stands under it: Clear and further `controls` in a row, `below`, and how it works, of the id `help`. */
export function withControls({ element }, pad, help, controls, below, more = null) {
  return element(
    "div",
    {},
    pad.element,
    element(
      "div",
      { class: "under" },
      element("div", { class: "row" }, element("button", { type: "button", onclick: () => pad.clear() }, "Clear"), controls),
      below,
      element(
        "p",
        { class: "note keys", id: help },
        "By keyboard: arrows move, space sets the pen down and lifts it, Delete clears.",
        more,
      ),
    ),
  );
}

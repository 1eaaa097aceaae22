// Use without a connection: a service worker keeps what was loaded, and everything on request.

import { element, size } from "./page.js";

export async function keepOffline(footer, index) {
  const { version } = index.runtime;
  footer.append(
    element(
      "p",
      { class: "note" },
      `Computed in this browser by onnxruntime-web ${version}. No request leaves this page's own address.`,
    ),
  );
  const line = element("p", { class: "note" });
  footer.append(line);
  if (!("serviceWorker" in navigator)) {
    line.textContent = "Over plain HTTP a browser keeps nothing for use offline.";
    return;
  }
  line.textContent = "Keeping the page for use offline …";
  try {
    const { installing } = await navigator.serviceWorker.register(new URL("worker.js", import.meta.url));
    if (installing) await settled(installing);
  } catch (error) {
    line.textContent = `The page is not kept for use offline: ${error.message}`;
    return;
  }
  if (!navigator.serviceWorker.controller) {
    line.textContent = "This page was loaded past its cache; load it again to keep more for use offline.";
    return;
  }
  const { models } = index;
  const button = element(
    "button",
    { type: "button", class: "quiet" },
    `Keep all models and cards (${size(models.reduce((sum, model) => sum + model.size, 0))})`,
  );
  button.addEventListener("click", async () => {
    button.disabled = true;
    button.textContent = "Keeping them …";
    try {
      for (const url of models.flatMap(({ files }) => Object.values(files)))
        if (!(await fetch(url)).ok) throw new Error(`${url} is not there`);
      button.replaceWith("Everything is kept.");
    } catch {
      button.disabled = false;
      button.textContent = "The connection broke off. Try again";
    }
  });
  line.replaceChildren("This page works offline, with the models and cards that you have used. ", button);
  document.documentElement.dataset.offline = "ready";
}

/** Wait until a worker that is being installed can answer; throws where it could not keep the page. */
function settled(worker) {
  return new Promise((resolve, reject) => {
    worker.addEventListener("statechange", () => {
      if (worker.state === "activated") resolve();
      if (worker.state === "redundant") reject(new Error("the browser has no room for it, or the connection broke off."));
    });
  });
}

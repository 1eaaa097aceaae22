// Models of this page: their files, the check of their hashes, and their answers by onnxruntime-web.
//
// A model: { id, manifest, certificate, files: {name: url}, bytes, certified, state, ready(), run(feeds), open(name),
// json(name) }.
// Feeds and outputs: {name: {dtype, dims, data}} with the dtypes of zoo.json (uint8, int64, float32, bool, string); `data` is a
// Uint8Array, BigInt64Array, Float32Array, Uint8Array of 0 and 1, or an array of strings.

const HERE = new URL(".", import.meta.url);

/** Everything the page knows of: models.json, written when the page was made. */
export async function loadIndex() {
  const index = await (await got("models.json")).json();
  return { ...index, models: index.models.map((entry) => new Model(entry, index)) };
}

class Damaged extends Error {}

/** A file of this page under an address of its own for each content. */
const addressed = (path, { sha256 }) => `${path}?sha256=${sha256}`;

/** A file of this page, its bytes checked by the SHA-256 that models.json gives. */
async function checked(path, { sha256 }) {
  let found;
  for (const cache of ["default", "reload"]) {
    // a cache on the way may hold what was there before
    const buffer = await (await got(addressed(path, { sha256 }), { cache })).arrayBuffer();
    // Browsers have crypto.subtle over HTTPS and on localhost alone; elsewhere the page says that nothing was checked.
    if (!globalThis.crypto?.subtle) return { buffer, proven: false };
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", buffer));
    found = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (found === sha256) return { buffer, proven: true };
  }
  throw new Damaged(
    `${path.split("/").pop()} was changed or damaged: its SHA-256 is ${found.slice(0, 12)}…, zoo.json says ${sha256.slice(0, 12)}…. ` +
      "It is not used. If the page was built anew meanwhile, reload it.",
  );
}

async function got(path, options = {}) {
  let response;
  try {
    response = await fetch(new URL(path, HERE), options);
  } catch {
    throw new Error(`${path.split("?")[0]} could not be loaded: there is no connection, and it was not kept for offline use.`);
  }
  if (!response.ok) throw new Error(`${path.split("?")[0]} could not be loaded: ${response.status} ${response.statusText}.`);
  return response;
}

/** The worker of engine.js: `ask(verb, given, transfer)` gives what it answers, or throws what went wrong in it. */
class Engine {
  #worker = new Worker(new URL("engine.js", HERE), { type: "module" });
  #waiting = new Map();
  #asked = 0;

  constructor() {
    this.#worker.addEventListener("message", ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) resolve(result);
      else reject(new Error(error));
    });
    this.#worker.addEventListener("error", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("onnxruntime could not be started in this browser."));
      this.#waiting.clear();
    });
  }

  ask(verb, given, transfer = []) {
    return new Promise((resolve, reject) => {
      const id = this.#asked++;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, verb, given }, transfer);
    });
  }

  end() {
    this.#worker.terminate();
  }
}

let engine = null;

/** onnxruntime-web, loaded once: the module, and its WebAssembly as bytes of a known hash. */
function loadEngine(runtime) {
  engine ??= (async () => {
    if (!globalThis.WebAssembly) throw new Error("This browser does not run WebAssembly, of which onnxruntime is made.");
    const [wasm, module] = [".wasm", ".mjs"].map((suffix) => runtime.files.find(({ path }) => path.endsWith(suffix)));
    const { buffer } = await checked(wasm.path, wasm);
    const started = new Engine();
    try {
      const address = new URL(addressed(module.path, module), HERE).href;
      await started.ask("start", { module: address, wasm: buffer }, [buffer]);
    } catch (error) {
      started.end();
      throw error;
    }
    return started;
  })();
  engine.catch(() => {
    engine = null; // a later try may find the connection again
  });
  return engine;
}

class Model extends EventTarget {
  #index;
  #entry;
  #graphs = new Map();

  constructor(entry, index) {
    super();
    this.#index = index;
    this.#entry = entry;
    this.id = entry.id;
    this.manifest = entry.manifest;
    this.certificate = entry.certificate;
    this.certified = entry.certified;
    this.files = Object.fromEntries(
      Object.entries(entry.files).map(([name, file]) => [name, new URL(addressed(entry.path + name, file), HERE).href]),
    );
    this.bytes = entry.files["model.onnx"].bytes;
    /** Bytes of all of its files. */
    this.size = Object.values(entry.files).reduce((sum, { bytes }) => sum + bytes, 0);
    /** "unloaded", "loading", "ready" or "failed"; a "change" event tells of each. */
    this.state = "unloaded";
    this.proven = false;
    this.problem = null;
  }

  #set(state, problem = null) {
    this.state = state;
    this.problem = problem;
    this.dispatchEvent(new Event("change"));
  }

  /** Load the model, once; later calls wait for the first. Throws an Error whose message is for people. */
  async ready() {
    await this.open("model.onnx");
  }

  async run(feeds) {
    return (await this.open("model.onnx")).run(feeds);
  }

  /** Another graph of this model, one that `zoo.web.extras` made: its `run` is that of a model. */
  async open(name) {
    if (!this.#graphs.has(name)) this.#graphs.set(name, this.#load(name));
    try {
      return await this.#graphs.get(name);
    } catch (error) {
      if (!(error instanceof Damaged)) this.#graphs.delete(name); // a later try may find the connection again
      throw error;
    }
  }

  /** A JSON file that `zoo.web.extras` made, or null where this model has none of this name. */
  async json(name) {
    return name in this.files ? (await got(addressed(this.#entry.path + name, this.#entry.files[name]))).json() : null;
  }

  async #load(name) {
    const main = name === "model.onnx";
    if (main) this.#set("loading");
    try {
      const sha256 = main ? this.manifest.model_sha256 : this.#entry.files[name].sha256;
      const [engine, { buffer, proven }] = await Promise.all([
        loadEngine(this.#index.runtime),
        checked(this.#entry.path + name, { sha256 }),
      ]);
      const session = await engine.ask("open", { graph: buffer }, [buffer]);
      if (main) {
        this.proven = proven;
        this.#set("ready");
      }
      return { run: (feeds) => engine.ask("run", { session, feeds }) };
    } catch (error) {
      if (main) this.#set("failed", error.message);
      throw error;
    }
  }
}

// A worker with onnxruntime-web: graphs are made ready and asked here, so that the page is never in the way of its reader.
//
// A message is { id, verb, given }; its answer has the same id, and what the verb gives or an `error` for people. One is done after
// the other: then the milliseconds are those of one answer.

let ort;
const sessions = [];

const verbs = {
  /** The module's address, and its WebAssembly as bytes of a known hash. */
  async start({ module, wasm }) {
    ort = await import(module);
    Object.assign(ort.env.wasm, { wasmBinary: wasm, numThreads: 1 });
    ort.env.logLevel = "fatal";
  },

  /** The bytes of a graph → the number under which it is asked. */
  async open({ graph }) {
    const options = { executionProviders: ["wasm"], logSeverityLevel: 4 };
    return sessions.push(await ort.InferenceSession.create(new Uint8Array(graph), options)) - 1;
  },

  /** Feeds → { outputs, ms }. */
  async run({ session, feeds }) {
    const tensors = {};
    for (const [name, { dtype, dims, data }] of Object.entries(feeds)) tensors[name] = new ort.Tensor(dtype, data, dims);
    const start = performance.now();
    const found = await sessions[session].run(tensors);
    const ms = performance.now() - start;
    const outputs = {};
    for (const name of sessions[session].outputNames) {
      const { type, dims, data } = found[name];
      outputs[name] = { dtype: type, dims: [...dims], data };
    }
    return { outputs, ms };
  },
};

let turn = Promise.resolve();
self.addEventListener("message", ({ data: { id, verb, given } }) => {
  turn = turn.then(async () => {
    try {
      self.postMessage({ id, result: await verbs[verb](given) });
    } catch (error) {
      self.postMessage({ id, error: String(error?.message ?? error) });
    }
  });
});

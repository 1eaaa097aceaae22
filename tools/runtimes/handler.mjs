// One artifact at a time behind onnxruntime: opened, asked, timed. The same in Node and in a browser; only `ort` and `read` differ.

const ARRAYS = { uint8: Uint8Array, float32: Float32Array, int64: BigInt64Array, bool: Uint8Array };

function tensor(ort, { dtype, dims, data }) {
  if (dtype === "string") return new ort.Tensor("string", data, dims);
  const values = dtype === "int64" ? data.map(BigInt) : data;
  return new ort.Tensor(dtype, ARRAYS[dtype].from(values), dims);
}

function plain({ type, dims, data }) {
  const values = Array.from(data, type === "int64" ? String : (value) => value); // a JSON number has 53 bits
  return { dtype: type, dims: Array.from(dims), data: values };
}

export function handler(ort, read) {
  let session;
  const feeds = (inputs) => Object.fromEntries(Object.entries(inputs).map(([name, given]) => [name, tensor(ort, given)]));
  const verbs = {
    async open({ model }) {
      const start = performance.now();
      await session?.release();
      session = await ort.InferenceSession.create(await read(model), { intraOpNumThreads: 1, logSeverityLevel: 4 });
      return { ms: performance.now() - start };
    },
    async ask({ inputs }) {
      const answers = await session.run(feeds(inputs));
      return { outputs: Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, plain(answer)])) };
    },
    async time({ inputs, calls }) {
      const start = performance.now();
      for (let call = 0; call < calls; call++) await session.run(feeds(inputs)); // a tensor for each call, as a page has
      return { ms: (performance.now() - start) / calls };
    },
  };
  return async (request) => {
    try {
      return await verbs[request.do](request);
    } catch (error) {
      return { error: String(error?.message ?? error) };
    }
  };
}

// What a graph of word vectors is asked. An answer is { words, cosines, unknown, ms }: no words where one that was asked is unknown.

import { rows } from "./parts.js";

/** The outputs that matter: the words found, their similarities, the vector, whether the word is known. */
export function parts(outputs) {
  const words = outputs.find(({ dtype, shape }) => dtype === "string" && shape.length === 2);
  const numbers = outputs.filter(({ dtype, shape }) => dtype === "float32" && shape.length === 2);
  const similar = numbers.find(({ shape }) => shape[1] === words?.shape[1]);
  const vector = numbers.find((tensor) => tensor !== similar);
  return { words, similar, vector };
}

const text = (words) => ({ dtype: "string", dims: [words.length], data: words });

function answer(model, { outputs, ms }, asked) {
  const { words, similar } = parts(model.manifest.outputs);
  const cosines = Array.from(outputs[similar.name].data);
  const found = Array.from(outputs[words.name].data, (word, place) => [word, cosines[place]]).filter(([word]) => word);
  return { words: found.map(([word]) => word), cosines: found.map(([, cosine]) => cosine), unknown: found.length ? [] : asked, ms };
}

/** The nearest to one word. */
export async function neighboursOf(model, word) {
  return answer(model, await model.run({ [model.manifest.inputs[0].name]: text([word]) }), [word]);
}

/** Three words, asked of a graph of analogies. */
export async function byGraph(model, asked) {
  const feeds = Object.fromEntries(model.manifest.inputs.map(({ name }, place) => [name, text([asked[place]])]));
  return answer(model, await model.run(feeds), asked);
}

/**
 * Three words, asked of a graph of neighbours: of the part of it that lies behind a word's vector (nearest.onnx, made by
 * zoo/web/extras.py), which is given b − a + c in the place of c's own.
 */
export async function analogyBy(model, asked) {
  const [{ name }] = model.manifest.inputs;
  const { words, vector } = parts(model.manifest.outputs);
  const first = await model.run({ [name]: text(asked) });
  const neighbours = rows(first.outputs[words.name].data, first.outputs[words.name].dims[1]);
  const unknown = asked.filter((_, place) => !neighbours[place].some(Boolean));
  if (unknown.length) return { words: [], cosines: [], unknown, ms: first.ms };
  const vectors = rows(first.outputs[vector.name].data, first.outputs[vector.name].dims[1]);
  const lengths = vectors.map((numbers) => Math.hypot(...numbers));
  const [a, b, c] = vectors.map((numbers, place) => numbers.map((value) => value / lengths[place]));
  const sum = c.map((value, place) => b[place] - a[place] + value);
  const scale = lengths[2] / (Math.hypot(...sum) || 1); // the graph divides by the length of c's own vector
  const data = Float32Array.from(sum, (value) => value * scale);
  const graph = await model.open("nearest.onnx");
  const second = await graph.run({ [name]: text([asked[2]]), [vector.name]: { dtype: "float32", dims: [1, data.length], data } });
  const found = answer(model, second, asked);
  const own = new Set(asked.map((word) => word.toLowerCase()));
  const kept = found.words.map((word, place) => [word, found.cosines[place]]).filter(([word]) => !own.has(word.toLowerCase()));
  return { words: kept.map(([word]) => word), cosines: kept.map(([, cosine]) => cosine), unknown: [], ms: first.ms + second.ms };
}

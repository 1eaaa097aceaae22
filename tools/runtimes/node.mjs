// onnxruntime-node: a request in JSON on each line of stdin, its answer on a line of stdout.

import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import * as ort from "onnxruntime-node";
import { handler } from "./handler.mjs";

const answer = handler(ort, readFile);
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}

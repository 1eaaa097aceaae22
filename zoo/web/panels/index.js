// Panels in order: a model goes to the first that takes it. The last takes every model.

import * as autoencoder from "./autoencoder.js";
import * as boolean from "./boolean.js";
import * as camera from "./camera.js";
import * as digits from "./digits.js";
import * as generic from "./generic.js";
import * as translator from "./translator.js";
import * as words from "./words.js";

export const panels = [digits, autoencoder, camera, boolean, translator, words, generic];

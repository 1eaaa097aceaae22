// Panels in order: a model goes to the first that takes it. The last takes every model.

import * as digits from "./digits.js";
import * as generic from "./generic.js";

export const panels = [digits, generic];

export const title = "Ask a model";
export const shared = false;
export function takes() { return true; }
export async function mount(root, models, page) { root.append(page.element("p", {}, models[0].id)); }

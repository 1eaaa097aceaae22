export const title = "Draw a digit";
export const shared = true;
export function takes() { return false; }
export async function mount(root) {}

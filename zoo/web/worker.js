// The service worker: the page without a connection.
//
// What is asked for by its hash (`?sha256=…`) never changes and is taken from the cache first. All else comes from the network,
// and from the cache where there is none, so that a page that was built anew is seen at once. Kept are the page as models.json
// last named it, and what has the hash that it was asked for by: nothing of another program at this address, nothing damaged.

const SCOPE = self.registration.scope;
const CACHE = `zoo ${SCOPE}`;
const INDEX = new URL("models.json", SCOPE).href;

self.addEventListener("install", (event) => event.waitUntil(keep().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method !== "GET" || !url.startsWith(SCOPE)) return;
  const sha256 = new URL(url).searchParams.get("sha256");
  event.respondWith(sha256 ? fixed(event.request, sha256) : newest(event));
});

/** The page itself and onnxruntime, all of one models.json; what that does not name is dropped. */
async function keep() {
  const cache = await caches.open(CACHE);
  const index = await fetch(INDEX, { cache: "no-cache" });
  if (!index.ok) throw new Error(`models.json: ${index.status}`);
  const { shell, runtime, models } = await index.clone().json();
  const plain = ["./", ...Object.keys(shell)].map((path) => new URL(path, SCOPE).href);
  await cache.addAll(plain.map((url) => new Request(url, { cache: "no-cache" })));
  const hashed = (path, { sha256 }) => new URL(`${path}?sha256=${sha256}`, SCOPE).href;
  const engine = runtime.files.map((file) => hashed(file.path, file));
  for (const url of engine) if (!(await cache.match(url))) await cache.add(url);
  await cache.put(INDEX, index);
  const files = models.flatMap(({ path, files }) => Object.entries(files).map(([name, file]) => hashed(path + name, file)));
  const named = new Set([INDEX, ...plain, ...engine, ...files]);
  for (const request of await cache.keys()) if (!named.has(request.url)) await cache.delete(request);
}

async function fixed(request, sha256) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request.url);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.status === 200) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await response.clone().arrayBuffer()));
    const found = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    // Where there is no room the page still gets its answer.
    if (found === sha256) await cache.put(request.url, response.clone()).catch(() => {});
  }
  return response;
}

async function newest(event) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(event.request, { ignoreSearch: true });
  try {
    const response = await fetch(event.request, { cache: "no-cache" });
    if (event.request.url === INDEX && response.ok && (await response.clone().text()) !== (await kept?.clone().text()))
      event.waitUntil(keep().catch(() => {})); // a connection that breaks off leaves the older page whole
    return response;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

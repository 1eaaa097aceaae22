// The service worker: the page without a connection.
//
// What is asked for by its hash (`?sha256=…`) never changes and is taken from the cache first. All else comes from the network,
// and from the cache where there is none, so that a page that was built anew is seen at once.

const CACHE = `zoo ${self.registration.scope}`;

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(self.registration.scope)) event.respondWith(answer(event.request));
});

/** The page itself and onnxruntime. */
async function keep() {
  const cache = await caches.open(CACHE);
  await cache.add("models.json");
  const { shell, runtime } = await (await cache.match("models.json")).json();
  await cache.addAll(["./", ...shell]);
  for (const { path, sha256 } of runtime.files) {
    const address = `${path}?sha256=${sha256}`;
    if (!(await cache.match(address))) await cache.add(address);
  }
  await forget(cache);
  await self.skipWaiting();
}

/** Drop what an older page knew by its hash. */
async function forget(cache) {
  const known = await (await cache.match("models.json")).text();
  for (const request of await cache.keys()) {
    const sha256 = new URL(request.url).searchParams.get("sha256");
    if (sha256 && !known.includes(sha256)) await cache.delete(request);
  }
}

async function answer(request) {
  const cache = await caches.open(CACHE);
  const fixed = new URL(request.url).searchParams.has("sha256");
  if (fixed) {
    const kept = await cache.match(request.url);
    if (kept) return kept;
  }
  try {
    const response = await fetch(request, fixed ? {} : { cache: "no-cache" });
    if (response.status === 200) {
      await cache.put(request.url, response.clone());
      if (request.url.endsWith("/models.json")) await forget(cache);
    }
    return response;
  } catch (error) {
    const kept = await cache.match(request.url);
    if (kept) return kept;
    throw error;
  }
}

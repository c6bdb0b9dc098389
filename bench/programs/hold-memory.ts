/** Preloaded into a server (`node --import`), this makes its process 500 MiB larger: allocated, every page written, kept
 *  for as long as the process lives. */
const pageBytes = 4096;
const held = Buffer.allocUnsafeSlow(500 * 1024 * 1024);
for (let offset = 0; offset < held.length; offset += pageBytes) held[offset] = 1;
process.once("exit", () => held.fill(0, 0, 1)); // a use at the very end keeps it from being collected before

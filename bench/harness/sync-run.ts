import type { Yard } from "./yard.ts";

/** Runs /bin/true on the yard and waits for its end. @throws {Error} unless it exited with 0 */
export async function syncRun(yard: Yard): Promise<void> {
  const { headers } = await yard.call("POST", "/appmesh/app/syncrun?timeout=60", { command: "/bin/true" });
  if (headers["x-exit-code"] !== "0") throw new Error(`/bin/true exited with ${headers["x-exit-code"]}`);
}

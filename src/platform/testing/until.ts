import { setTimeout as sleep } from "node:timers/promises";

/** Waits for a condition, not for a duration: asks again and again until the answer is truthy, and returns that answer.
 *  @param options.what names the condition in the error that ends the wait */
export async function until<T>(
  condition: () => T | Promise<T>,
  {
    timeoutMs = 30_000, // only a failure takes that long, or a machine that is out of breath
    intervalMs = 20,
    what = condition.toString(),
  }: { timeoutMs?: number; intervalMs?: number; what?: string } = {},
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`Not within ${timeoutMs} ms: ${what}`);
    await sleep(intervalMs);
  }
}

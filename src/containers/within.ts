import type { YardError } from "../platform/errors.ts";
import { after } from "../platform/timers.ts";

/** Waits no longer than that; the work goes on, and whatever comes of it is nobody's any more. @throws what `late` makes, when it is too late */
export async function within<T>(timeoutMs: number, work: Promise<T>, late: () => YardError): Promise<T> {
  const { promise: given, reject } = Promise.withResolvers<never>();
  using _limit = after(timeoutMs, () => reject(late()));
  return await Promise.race([work, given]);
}

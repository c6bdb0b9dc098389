/** Work that Ctrl-C, SIGTERM or a reader that has gone (`runyard … | head -1`) ends early. */
import { isYardError } from "../platform/errors.ts";
import { exitCodeOf, onStopRequest } from "./signals.ts";

/** Runs `work` to its exit code. Its signal is aborted when it is to stop; whatever it throws then counts as stopped, unless it is an error
 *  that says more.
 *  @param whenOutputCloses the exit code when nobody reads standard output any more */
export async function stoppable(
  work: (signal: AbortSignal) => Promise<number>,
  { whenOutputCloses }: { whenOutputCloses: number },
): Promise<number> {
  const stop = new AbortController();
  using request = onStopRequest();
  void request.received.then((signal) => stop.abort(signal));
  const onClosedOutput = (): void => stop.abort("output closed");
  process.stdout.once("error", onClosedOutput);
  try {
    return await work(stop.signal);
  } catch (error) {
    if (!stop.signal.aborted || isYardError(error)) throw error;
    const { reason } = stop.signal;
    return reason === "SIGINT" || reason === "SIGTERM" ? exitCodeOf(reason) : whenOutputCloses;
  } finally {
    process.stdout.off("error", onClosedOutput);
  }
}

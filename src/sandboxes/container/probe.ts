/** Short commands that ask how something is, in a container: run as a process of which nothing is kept. */
import { newId } from "../../platform/ids.ts";
import type { LocalSandbox, Process, ProcessSpec } from "../sandbox.ts";

export function createProbe(
  exec: (spec: ProcessSpec) => Promise<Process>,
  forget: (process: string) => Promise<void>,
): LocalSandbox["probe"] {
  return async (spec, { timeoutMs, signal }) => {
    const process = await exec({
      ...spec,
      id: newId("probe"),
      stdin: "none",
      maxOutputBytes: 4_096,
      forgetAfterMs: 60_000,
    });
    const kill = () => void process.stop({ graceMs: 0 }).catch(() => {});
    using _limit = setTimeout(kill, timeoutMs);
    signal.addEventListener("abort", kill);
    try {
      if (signal.aborted) kill();
      return await process.exited;
    } finally {
      signal.removeEventListener("abort", kill);
      await forget(process.id);
    }
  };
}

/** What really runs on this machine, read from /proc: the tests' witness that is nobody's mirror. */
import { readdirSync, readFileSync } from "node:fs";

export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly command: string;
  readonly environment: ReadonlyMap<string, string>;
}

export function seenProcesses(): SeenProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => seen(Number(name)) ?? []);
}

/** Tests put this into the environment of the apps whose processes they want to find again. */
export const markVariable = "TEST_MARK";

/** Main processes of apps with this mark: those whose parent does not belong to the same run. */
export function mainProcesses(mark: string): SeenProcess[] {
  const processes = seenProcesses();
  const marked = processes.filter((process) => process.environment.has("RUNYARD_PROCESS") && process.state !== "Z");
  const markerOf = new Map(marked.map((process) => [process.pid, process.environment.get("RUNYARD_PROCESS")]));
  return marked.filter(
    (process) =>
      process.environment.get(markVariable) === mark &&
      markerOf.get(process.parent) !== process.environment.get("RUNYARD_PROCESS"),
  );
}

function seen(pid: number): SeenProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8")
      .split("\0")
      .map((entry) => entry.split(/=(.*)/s, 2) as [string, string]);
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return { pid, parent: Number(parent), state: state!, command, environment: new Map(environment) };
  } catch {
    return undefined; // gone in between
  }
}

/** Looks at the machine and at what the yard's settings ask of it. Works without a yard that runs, and changes nothing. */
import type { ListenSpec } from "../platform/http/listen-spec.ts";
import { after } from "../platform/timers.ts";
import { checkClock } from "./checks/clock.ts";
import { checkControlGroups } from "./checks/control-groups.ts";
import { checkDatabase, type DatabaseAsked } from "./checks/database.ts";
import { checkDisk } from "./checks/disk.ts";
import { checkDocker } from "./checks/docker.ts";
import { checkDrivers, type DriverReport } from "./checks/drivers.ts";
import { checkKernel } from "./checks/kernel.ts";
import { checkListeners } from "./checks/listeners.ts";
import { checkOpenFiles } from "./checks/open-files.ts";
import { checkVirtualMachines } from "./checks/virtual-machines.ts";
import type { Check, Finding } from "./finding.ts";

export interface Patient {
  /** Absolute. It need not be there yet. */
  readonly dataDirectory: string;
  readonly listen: readonly ListenSpec[];
  /** Of the yard's own certificate, or the one that was given; absent: it makes one. */
  readonly certificate?: string;
  readonly database: DatabaseAsked;
  /** Where the Docker engine may listen. */
  readonly dockerSockets: readonly string[];
  /** What the host's agent says of its drivers of sandboxes; absent: it is looked for what they need. */
  readonly drivers?: () => Promise<readonly DriverReport[]>;
}

/** A little more than checks themselves wait for an engine or an emulator, which then say what is wrong with it. */
const patienceMs = 8_000;

export function checksOf(patient: Patient): readonly Check[] {
  return [
    { name: "sandboxes", look: () => checkDrivers(patient.drivers) },
    { name: "control groups", look: async () => checkControlGroups() },
    { name: "kernel", look: async () => checkKernel() },
    { name: "virtual machines", look: () => checkVirtualMachines() },
    { name: "docker", look: () => checkDocker(patient.dockerSockets) },
    { name: "database", look: () => checkDatabase(patient.database) },
    { name: "disk", look: () => checkDisk(patient.dataDirectory) },
    { name: "clock", look: async () => checkClock() },
    { name: "open files", look: async () => checkOpenFiles() },
    { name: "listeners", look: async () => checkListeners(patient) },
  ];
}

/** All at once, each for a few seconds; in the order of the checks. */
export async function examine(checks: readonly Check[], { timeoutMs = patienceMs } = {}): Promise<readonly Finding[]> {
  return (await Promise.all(checks.map((check) => carryOut(check, timeoutMs)))).flat();
}

async function carryOut({ name, look }: Check, timeoutMs: number): Promise<readonly Finding[]> {
  const late = Promise.withResolvers<readonly Finding[]>();
  const what = `It could not be found out within ${timeoutMs / 1_000} s.`;
  using _patience = after(timeoutMs, () => late.resolve([{ name, state: "warning", what }]));
  try {
    return [await Promise.race([look(), late.promise])].flat();
  } catch (error) {
    return [{ name, state: "warning", what: `It could not be found out: ${messageOf(error)}.` }];
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
}

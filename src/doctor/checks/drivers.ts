/** Where capsules and apps can be kept apart: the drivers of sandboxes, as the agent finds them, or by what they need where no agent is asked. */
import { findPrograms, findTool } from "../../sandboxes/namespace/availability.ts";
import type { Availability } from "../../sandboxes/sandbox.ts";
import type { Finding } from "../finding.ts";

export interface DriverReport {
  readonly name: string;
  readonly availability: Availability;
  readonly can?: { readonly networks?: readonly string[]; readonly diskLimit?: boolean };
}

const purposes: Readonly<Record<string, string>> = {
  namespace: "Capsules and apps can run in namespaces of their own.",
  container: "Capsules and apps can run in containers.",
  microvm: "Capsules can run in virtual machines.",
};

export async function checkDrivers(
  ask: () => Promise<readonly DriverReport[]> = lookForPrograms,
): Promise<readonly Finding[]> {
  const reports = await ask();
  return reports.flatMap((report) => {
    const what = purposes[report.name];
    return what === undefined ? [] : [findingOf(report, what), ...limitsOf(report)];
  });
}

function findingOf({ name, availability }: DriverReport, what: string): Finding {
  if (availability.usable) return { name: `sandbox: ${name}`, state: "ok", what };
  const { reason, fix } = availability;
  return { name: `sandbox: ${name}`, state: "missing", what: sentence(reason), ...(fix && { fix: sentence(fix) }) };
}

/** What those sandboxes lack that could be had. */
function limitsOf({ name, availability, can }: DriverReport): readonly Finding[] {
  if (name !== "namespace" || !availability.usable || !can) return [];
  const findings: Finding[] = [];
  if (!can.networks?.includes("outbound")) {
    const fix = "apt-get install nftables iproute2, and restart the agent.";
    findings.push({ name: "sandbox network", state: "missing", what: "Sandboxes have no network.", fix });
  }
  if (!can.diskLimit) {
    const fix = "apt-get install e2fsprogs mount, and let the agent have /dev/loop-control.";
    findings.push({ name: "sandbox disks", state: "missing", what: "The disk of a sandbox cannot be limited.", fix });
  }
  return findings;
}

async function lookForPrograms(): Promise<readonly DriverReport[]> {
  const { availability } = await findPrograms();
  const hasNetwork = ["nft", "ip"].every((tool) => findTool(tool) !== undefined);
  const diskLimit = ["mkfs.ext4", "mount"].every((tool) => findTool(tool) !== undefined);
  const networks = hasNetwork ? ["none", "outbound"] : ["none"];
  return [{ name: "namespace", availability, can: { networks, diskLimit } }];
}

function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

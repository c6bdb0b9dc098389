/** How the server and the fleet are, at a glance. */
import { type Static, Type } from "typebox";
import type { Reach } from "../../containers/docker-hosts.ts";
import type { DockmeshParts } from "./parts.ts";
import { percentOf } from "./system-words.ts";

const statuses = ["ok", "warn", "fail", "off"] as const;
const Status = Type.Enum([...statuses]);

const Check = Type.Object({
  name: Type.String(),
  label: Type.String(),
  status: Status,
  detail: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  link_to: Type.Optional(Type.String({ description: "A page of the user interface" })),
});
type Check = Static<typeof Check>;

export const SystemHealth = Type.Object({
  overall: Type.Enum([...statuses], { description: "The worst of them" }),
  checks: Type.Array(Check),
});

export type HealthParts = Pick<DockmeshParts, "dockerHosts" | "machines" | "checkDatabase">;

const diskPercents = { warn: 85, fail: 95 };

export async function healthOf(parts: HealthParts, reach: Reach): Promise<Static<typeof SystemHealth>> {
  const found = await Promise.all([checkDatabase(parts), checkEngines(parts, reach), checkDisks(parts, reach)]);
  const checks: Check[] = [...found, { name: "backups", label: "Backups", status: "off", link_to: "/backups" }];
  const overall = checks.some(({ status }) => status === "fail")
    ? "fail"
    : checks.some(({ status }) => status === "warn")
      ? "warn"
      : "ok";
  return { overall, checks };
}

async function checkDatabase({ checkDatabase }: HealthParts): Promise<Check> {
  const about = { name: "database", label: "Database" };
  try {
    await checkDatabase();
    return { ...about, status: "ok" };
  } catch {
    return { ...about, status: "fail", ...said("It does not answer; the server's log tells more.") };
  }
}

async function checkEngines({ dockerHosts }: HealthParts, reach: Reach): Promise<Check> {
  const about = { name: "docker", label: "Docker engines", link_to: "/hosts" };
  const { answers, unreachable } = await dockerHosts.fanOut(reach, ({ engine }) => engine.version());
  if (unreachable.length === 0) return { ...about, status: answers.length > 0 ? "ok" : "off" };
  const names = unreachable.map(({ host, error }) => `${host.name}: ${error.message}`);
  return { ...about, status: answers.length > 0 ? "warn" : "fail", ...said(names.join("; ")) };
}

async function checkDisks({ dockerHosts, machines }: HealthParts, reach: Reach): Promise<Check> {
  const about = { name: "disk", label: "Disks", link_to: "/hosts" };
  const { answers } = await dockerHosts.fanOut(reach, ({ id }) => machines.use(id));
  const full = answers.flatMap(({ host, answer: { disk } }) => {
    const percent = percentOf(disk?.usedBytes ?? 0, disk?.totalBytes ?? 0);
    return percent >= diskPercents.warn ? [{ name: host.name, percent }] : [];
  });
  if (full.length === 0) return { ...about, status: answers.length > 0 ? "ok" : "off" };
  const status = full.some(({ percent }) => percent >= diskPercents.fail) ? "fail" : "warn";
  return { ...about, status, ...said(full.map(({ name, percent }) => `${name}: ${Math.round(percent)} %`).join("; ")) };
}

/** Under both names that the description has for it. */
function said(text: string) {
  return { detail: text, message: text };
}

/** How many of a service there are to be, what each may use, how they are replaced and restarted: its section `deploy`, and the older keys that say the same. */
import type { ResourceLimits, ServiceSpec, UpdateSpec } from "./project.ts";
import { type Fields, present, type Reader } from "./reader.ts";
import { deployKeys, type serviceKeys } from "./service-keys.ts";
import type { SourceNode } from "./source-tree.ts";

type ServiceFields = Fields<(typeof serviceKeys.reads)[number]>;

const maxReplicas = 100;
const restartPolicies = { none: "no", "on-failure": "on-failure", any: "unless-stopped" } as const;

export function readDeploySection(
  service: SourceNode,
  found: ServiceFields,
  read: Reader,
): Pick<ServiceSpec, "replicas" | "resources" | "update" | "restart"> {
  const { mode, replicas, resources, update_config, restart_policy } = read.fields(found.deploy, deployKeys);
  read.choice(mode, ["replicated"]);
  const wanted = read.wholeNumber(replicas, { max: maxReplicas });
  const scale = read.wholeNumber(found.scale, { max: maxReplicas });
  if (wanted !== undefined && scale !== undefined && wanted !== scale) {
    read.complain(service.place, "says with scale and with deploy.replicas how many there are to be, and not the same");
  }
  const restart = readRestart(found.restart, read) ?? readRestartPolicy(restart_policy, read);
  return {
    replicas: scale ?? wanted ?? 1,
    resources: readResources(found, resources, read),
    update: readUpdate(update_config, read),
    ...present({ restart }),
  };
}

function readResources(found: ServiceFields, node: SourceNode | undefined, read: Reader): ResourceLimits {
  const { limits, reservations } = read.fields(node, { reads: ["limits", "reservations"] });
  const limit = read.fields(limits, { reads: ["cpus", "memory", "pids"] });
  // CPUs are reserved in a swarm alone; devices would be given without a driver that is known here.
  const reserved = read.fields(reservations, {
    reads: ["memory"],
    ignores: ["cpus"],
    refuses: ["devices", "generic_resources"],
  });
  return present({
    cpus: read.amount(limit.cpus) ?? read.amount(found.cpus),
    memoryBytes: read.bytes(limit.memory) ?? read.bytes(found.mem_limit),
    memoryReservationBytes: read.bytes(reserved.memory) ?? read.bytes(found.mem_reservation),
    pids: read.wholeNumber(limit.pids, { min: -1 }) ?? read.wholeNumber(found.pids_limit, { min: -1 }),
  });
}

function readUpdate(node: SourceNode | undefined, read: Reader): UpdateSpec {
  const found = read.fields(node, {
    reads: ["parallelism", "delay", "order", "failure_action"],
    ignores: ["monitor", "max_failure_ratio"], // how a swarm watches
  });
  return present({
    parallelism: read.wholeNumber(found.parallelism),
    delayMs: read.duration(found.delay),
    order: read.choice(found.order, ["stop-first", "start-first"]),
    failureAction: read.choice(found.failure_action, ["pause", "continue", "rollback"]),
  });
}

function readRestart(node: SourceNode | undefined, read: Reader): ServiceSpec["restart"] {
  return read.parsed(node, parseRestart, "no, always, unless-stopped, on-failure or on-failure:3");
}

function parseRestart(text: string): ServiceSpec["restart"] {
  const [, policy, retries] = /^(no|always|unless-stopped|on-failure)(?::(\d{1,6}))?$/.exec(text) ?? [];
  if (policy === "on-failure") return { policy, ...(retries !== undefined && { retries: Number(retries) }) };
  if (retries !== undefined) return undefined;
  return policy === "no" || policy === "always" || policy === "unless-stopped" ? { policy } : undefined;
}

function readRestartPolicy(node: SourceNode | undefined, read: Reader): ServiceSpec["restart"] {
  if (node === undefined) return undefined;
  const { condition, max_attempts } = read.fields(node, {
    reads: ["condition", "max_attempts"],
    ignores: ["delay", "window"], // the engine has its own
  });
  const policy = restartPolicies[read.choice(condition, ["none", "on-failure", "any"]) ?? "any"];
  const retries = read.wholeNumber(max_attempts);
  return { policy, ...(policy === "on-failure" && retries !== undefined && { retries }) };
}

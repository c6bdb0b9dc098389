/** The options of `docker run`, and what each of them is in a Compose file. */
import { splitPair } from "./reader.ts";

/** What an option does to the service. */
export type Effect = (service: Draft, value: string) => void;

export interface Draft {
  readonly parts: Record<string, unknown>;
  readonly networks: Set<string>;
  readonly aliases: string[];
  readonly health: Record<string, unknown>;
}

/** Sets a key of the service to what the value means. */
const set =
  (key: string, meaning: (value: string, before: unknown) => unknown = (value) => value): Effect =>
  ({ parts }, value) => {
    parts[key] = meaning(value, parts[key]);
  };
const add = (key: string, meaning: (value: string) => unknown = (value) => value) =>
  set(key, (value, before) => [...(Array.isArray(before) ? before : []), meaning(value)]);
const flag = (key: string) => set(key, (value) => value !== "false");
const number = (key: string) => set(key, Number);
const health =
  (key: string, meaning: (value: string) => unknown = (value) => value): Effect =>
  (draft, value) => {
    draft.health[key] = meaning(value);
  };

export const withValue: Readonly<Record<string, Effect>> = {
  name: set("container_name"),
  publish: add("ports"),
  volume: add("volumes"),
  mount: add("volumes", mountOf),
  env: add("environment"),
  "env-file": add("env_file"),
  label: add("labels"),
  network: readNetwork,
  net: readNetwork,
  "network-alias": ({ aliases }, value) => {
    aliases.push(value);
  },
  restart: set("restart"),
  user: set("user"),
  workdir: set("working_dir"),
  hostname: set("hostname"),
  domainname: set("domainname"),
  entrypoint: set("entrypoint"),
  "cap-add": add("cap_add"),
  "cap-drop": add("cap_drop"),
  "security-opt": add("security_opt"),
  device: add("devices"),
  tmpfs: add("tmpfs"),
  "add-host": add("extra_hosts"),
  dns: add("dns"),
  "dns-search": add("dns_search"),
  "group-add": add("group_add"),
  sysctl: add("sysctls"),
  ulimit: set("ulimits", (value, before) => ({ ...asObject(before), ...ulimitOf(value) })),
  pid: set("pid"),
  ipc: set("ipc"),
  "shm-size": set("shm_size"),
  "stop-signal": set("stop_signal"),
  "stop-timeout": set("stop_grace_period", (value) => `${value}s`),
  pull: set("pull_policy"),
  cpus: number("cpus"),
  memory: set("mem_limit"),
  "memory-reservation": set("mem_reservation"),
  "pids-limit": number("pids_limit"),
  "log-driver": set("logging", (driver, before) => ({ ...asObject(before), driver })),
  "log-opt": set("logging", withOption),
  "health-cmd": health("test"),
  "health-interval": health("interval"),
  "health-timeout": health("timeout"),
  "health-start-period": health("start_period"),
  "health-retries": health("retries", Number),
};

export const alone: Readonly<Record<string, Effect>> = {
  privileged: flag("privileged"),
  "read-only": flag("read_only"),
  init: flag("init"),
  tty: flag("tty"),
  interactive: flag("stdin_open"),
  "no-healthcheck": health("disable", () => true),
};

/** Of running it by hand: a stack's containers are in the background, and are removed with it. */
export const meaningless = ["detach", "rm", "sig-proxy", "quiet"];

export const short: Readonly<Record<string, string>> = {
  ...{ p: "publish", v: "volume", e: "env", l: "label", u: "user", w: "workdir", h: "hostname", m: "memory" },
  ...{ d: "detach", i: "interactive", t: "tty", q: "quiet" },
};

/** Options that are not converted, and take a value: their value must not be taken for the image. */
export const unknownWithValue = [
  ...[
    "annotation",
    "attach",
    "blkio-weight",
    "cgroup-parent",
    "cgroupns",
    "cidfile",
    "cpu-period",
    "cpu-quota",
    "cpu-shares",
    "cpuset-cpus",
  ],
  ...[
    "cpuset-mems",
    "detach-keys",
    "device-cgroup-rule",
    "dns-option",
    "expose",
    "gpus",
    "health-start-interval",
    "ip",
    "ip6",
    "isolation",
  ],
  ...[
    "label-file",
    "link",
    "link-local-ip",
    "mac-address",
    "memory-swap",
    "memory-swappiness",
    "oom-score-adj",
    "platform",
    "runtime",
  ],
  ...["storage-opt", "userns", "uts", "volume-driver", "volumes-from"],
];

/** `type=bind,source=/a,target=/b,readonly` in the long form. */
function mountOf(value: string): unknown {
  const facts = new Map(value.split(",").map((part) => splitPair(part)));
  const pick = (...names: readonly string[]) => names.map((name) => facts.get(name)).find((one) => one !== undefined);
  const isReadOnly = ["readonly", "ro"].some((name) => facts.has(name) && facts.get(name) !== "false");
  return {
    type: pick("type") ?? "volume",
    source: pick("source", "src"),
    target: pick("target", "destination", "dst"),
    ...(isReadOnly && { read_only: true }),
  };
}

function ulimitOf(value: string): object {
  const [name, limits = ""] = splitPair(value);
  const [soft, hard = soft] = limits.split(":").map(Number);
  return { [name]: { soft, hard } };
}

function withOption(text: string, before: unknown): object {
  const logging = asObject(before);
  const [name, value = ""] = splitPair(text);
  return { ...logging, options: { ...asObject(logging.options), [name]: value } };
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function readNetwork({ parts, networks }: Draft, value: string): void {
  if (/^(?:host|none|bridge|container:.*)$/.test(value)) parts.network_mode = value;
  else if (value !== "default") networks.add(value);
}

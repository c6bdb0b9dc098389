/** The network of containers that may reach the outside: public addresses, and nobody else. A bridge of our own, on which containers do not see one another,
 *  with rules of this host in the place that Docker keeps for them (the chain DOCKER-USER); what is for the host itself is refused in INPUT.
 *
 *  Setting rules takes root, and an engine that lives in the agent's own network. Where the rules cannot be had there is no such network: it is never made
 *  without them. They are set anew before each start and each resumption, as whoever reloads a firewall may have thrown them away. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import type { Engine } from "../../platform/docker/engine.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { findTool } from "../namespace/availability.ts";
import { closedRanges } from "../namespace/network/addresses.ts";
import { ownerLabel } from "./containers.ts";

export interface OutboundNetwork {
  /** Whether its rules can be set here, as far as can be told without the engine. */
  readonly isPossible: boolean;
  /** @returns its name   @throws {YardError} precondition, unavailable */
  ensure(): Promise<string>;
  remove(): Promise<void>;
}

const run = promisify(execFile);
const commandMs = 10_000;

export function createOutboundNetwork(engine: Engine, owner: string): OutboundNetwork {
  const name = `runyard-${owner}`;
  const bridge = `ry${owner.slice(0, 12)}`; // 15 letters are the most that the kernel takes
  const chain = `RUNYARD-${owner}`;
  const iptables = process.geteuid?.() === 0 ? findTool("iptables") : undefined;
  const hooks = [
    ["DOCKER-USER", "-i", bridge, "-j", chain],
    ["INPUT", "-i", bridge, "-j", "REJECT"],
  ];

  const isInPlace = async (rule: readonly string[]) => {
    return iptablesDo(["-C", ...rule]).then(
      () => true,
      () => false,
    );
  };
  async function iptablesDo(args: readonly string[]): Promise<void> {
    if (!iptables) throw noRules("iptables is not installed, or the agent is not root");
    await run(iptables, ["-w", ...args], { timeout: commandMs });
  }

  async function makeNetwork(): Promise<void> {
    const exists = await engine
      .call("look at a network", (docker) => docker.getNetwork(name).inspect())
      .then(
        () => true,
        (error) => {
          if (isYardError(error, "not_found")) return false;
          throw error;
        },
      );
    if (exists) return;
    await engine.call("make a network", (docker, abortSignal) =>
      docker.createNetwork({
        Name: name,
        Driver: "bridge",
        CheckDuplicate: true,
        EnableIPv6: false,
        Labels: { [ownerLabel]: owner },
        Options: {
          "com.docker.network.bridge.name": bridge,
          "com.docker.network.bridge.enable_icc": "false",
        },
        abortSignal,
      }),
    );
  }

  async function setRules(): Promise<void> {
    await fill(`${iptables}-restore`, chainText(chain));
    for (const hook of hooks) if (!(await isInPlace(hook))) await iptablesDo(["-I", ...hook]);
  }

  async function removeRules(): Promise<void> {
    for (const hook of hooks) while (await isInPlace(hook)) await iptablesDo(["-D", ...hook]);
    await iptablesDo(["-F", chain]);
    await iptablesDo(["-X", chain]);
  }

  async function ensure(): Promise<string> {
    await makeNetwork();
    if (!hasInterface(bridge)) throw noRules("the Docker engine is not in the network of this host");
    if (!filtersBridges()) throw noRules("the kernel does not filter between the ports of a bridge (br_netfilter)");
    try {
      await setRules();
    } catch (cause) {
      throw isYardError(cause) ? cause : noRules(`iptables has refused them: ${String(cause).trim().slice(0, 300)}`);
    }
    return name;
  }

  let acting: Promise<unknown> = Promise.resolve();
  /** One at a time: a removal must not meet a creation. */
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = acting.then(act, act);
    acting = done.catch(() => {});
    return done;
  }

  return {
    isPossible: iptables !== undefined,
    ensure: () => inTurn(ensure),
    remove: () =>
      inTurn(async () => {
        try {
          await engine.call("remove a network", (docker, abortSignal) =>
            docker.getNetwork(name).remove({ abortSignal }),
          );
        } catch (error) {
          if (!isYardError(error, "not_found")) return; // somebody is on it: the rules stay, too
        }
        await removeRules().catch(() => {}); // they are there for a bridge that is not
      }),
  };
}

function noRules(why: string): YardError {
  return new YardError(
    "precondition",
    `Containers cannot have an outbound network here, as its rules cannot be set: ${why}.`,
    {
      field: "network",
    },
  );
}

/** Name servers may be private: questions about names go there all the same, and nothing else does. */
function chainText(chain: string): string {
  const servers = nameServers().filter((server) => !server.startsWith("127."));
  const questions = servers.flatMap((server) =>
    ["udp", "tcp"].map((protocol) => `-A ${chain} -d ${server} -p ${protocol} --dport 53 -j RETURN`),
  );
  const closed = closedRanges.map((range) => `-A ${chain} -d ${range} -j REJECT --reject-with icmp-admin-prohibited`);
  return ["*filter", `:${chain} - [0:0]`, ...questions, ...closed, "COMMIT", ""].join("\n");
}

function nameServers(): string[] {
  try {
    const text = readFileSync("/etc/resolv.conf", "utf8");
    return [...text.matchAll(/^\s*nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm)].map(([, address = ""]) => address);
  } catch {
    return [];
  }
}

function hasInterface(name: string): boolean {
  const lines = readFileSync("/proc/self/net/dev", "latin1").split("\n");
  return lines.some((line) => line.trimStart().startsWith(`${name}:`));
}

function filtersBridges(): boolean {
  try {
    return readFileSync("/proc/sys/net/bridge/bridge-nf-call-iptables", "latin1").trim() === "1";
  } catch {
    return false;
  }
}

/** Replaces the chain whole. */
async function fill(program: string, text: string): Promise<void> {
  const running = run(program, ["-w", "--noflush"], { timeout: commandMs });
  running.child.stdin?.end(text);
  await running;
}

/** The network of sandboxes that may reach the outside. Each is connected to a router in a namespace of its own, whose packet filter is the policy, and which is
 *  connected to the host:
 *
 *      sandbox  eth0 198.19.x.y ── box7  router  uplink ── ry…  host  (under the host's address) ── outside
 *
 *  It is there as long as there is such a sandbox, and outlives the agent with them. */
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { YardError } from "../../../platform/errors.ts";
import { networkCalls } from "../../../platform/process/network-calls.ts";
import { every } from "../../../platform/timers.ts";
import { firstSlot, gateway, slots } from "./addresses.ts";
import { openPacketFilter } from "./filter.ts";
import { createForeignChains } from "./foreign-chains.ts";
import { createForwarding } from "./forwarding.ts";
import { type NameServer, openResolver } from "./resolver.ts";
import { connectSandbox, hostAddresses, openRouter, type Router, type RouterPlace, removeRouter } from "./router.ts";
import { hostAddressRules, hostRules, linkOf, routerRules } from "./rules.ts";

export interface SandboxNetwork extends AsyncDisposable {
  /** Why there is none on this machine, and what to do about it. */
  readonly problem: string | undefined;
  /** A place for a sandbox. Removed when that is gone. @throws {YardError} precondition, unavailable */
  reserve(): Promise<Connection>;
  /** That of a sandbox which an earlier agent has connected. */
  adopt(slot: number): Connection;
  /** Once what lives was adopted: goes on with what is there, or removes it. Without a network, if that fails: never with an unknown one. */
  recover(): Promise<void>;
}

export interface Connection {
  readonly slot: number;
  /** @param namespace the sandbox's network, as a descriptor */
  connect(namespace: number): Promise<void>;
  /** The sandbox is gone; resolves when nothing of it is left here. */
  remove(): Promise<void>;
}

interface Up {
  readonly router: Router;
  readonly parts: AsyncDisposable;
}

const hostAddressesEveryMs = 2_000;
const hostRulesEveryMs = 10_000;

export interface NetworkOptions {
  readonly owner: string;
  /** Of the router's namespace: a file that is made. */
  readonly path: string;
  /** Of what was changed on the host: a file that is made. */
  readonly changesPath: string;
  readonly nft: string | undefined;
  /** The host's own, if absent. */
  readonly nameServers?: () => readonly NameServer[];
  readonly onNotice?: (message: string) => void;
}

/** One that nothing is left of has nothing here yet: what it needs is made with the first sandbox that asks for it. */
export async function openSandboxNetwork(options: NetworkOptions): Promise<SandboxNetwork> {
  const { owner, nft } = options;
  const problem = await findProblem(nft);
  const link = `ry${owner.slice(0, 13)}`; // the kernel takes 15 characters
  const table = `runyard_${owner}`;
  const place: RouterPlace = { path: options.path, link, owner };
  const filter = openPacketFilter(nft ?? "nft");
  const forwarding = createForwarding(options.changesPath);
  const foreign = createForeignChains(filter, { table, link });
  const used = new Set<number>();
  let up: Up | undefined;
  let hostRulesAt = Number.NEGATIVE_INFINITY;
  let turn: Promise<unknown> = Promise.resolve();
  /** One change at a time. */
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = turn.then(act);
    turn = done.catch(() => {});
    return done;
  }

  /** What others change while we are there: a firewall that is loaded anew, Docker that starts, another way out. */
  async function seeToHost(): Promise<void> {
    await filter.apply(hostRules({ table, link, opened: forwarding.open(link) }));
    await foreign.open();
    hostRulesAt = performance.now();
  }

  async function start(): Promise<Up> {
    await using undo = new AsyncDisposableStack();
    undo.defer(clear);
    const router = await openRouter(place);
    undo.defer(() => router.release());
    let known = hostAddresses();
    await router.within(() => filter.apply(routerRules(known)));
    await seeToHost();
    const sockets = router.within(() => networkCalls().bindForNames(gateway.split(".").map(Number), 53));
    const parts = undo.use(new AsyncDisposableStack());
    parts.use(openResolver({ sockets, servers: options.nameServers }));
    parts.use(
      every(hostAddressesEveryMs, async () => {
        const now = hostAddresses();
        if (now.join() === known.join()) return;
        const applied = router.within(() => filter.apply(hostAddressRules(now)));
        await applied.then(
          () => {
            known = now;
          },
          () => {}, // tried again, as it is still not known
        );
      }),
    );
    undo.move();
    return { router, parts };
  }

  async function clear(): Promise<void> {
    removeRouter(place);
    await foreign.close();
    await filter.apply(`table inet ${table}\ndelete table inet ${table}\n`);
    forwarding.close();
  }

  async function stop(): Promise<void> {
    if (!up) return;
    await up.parts[Symbol.asyncDispose]();
    up.router.release();
    up = undefined;
    await clear();
  }

  let next = firstSlot;
  /** The one that was free for the longest time: of its last sandbox no connection is remembered any more. */
  function freeSlot(): number {
    for (let tries = 0; tries < slots; tries++) {
      const slot = next;
      next = next + 1 < firstSlot + slots ? next + 1 : firstSlot;
      if (!used.has(slot)) return slot;
    }
    throw new YardError("too_many", "This host has no address left for another sandbox.");
  }

  function connectionOf(slot: number): Connection {
    used.add(slot);
    return {
      slot,
      async connect(namespace) {
        if (!up) throw new YardError("unavailable", "The network of the sandboxes is closing.");
        await connectSandbox(up.router, { slot, namespace });
      },
      async remove() {
        if (!used.has(slot)) return;
        await goneFrom(up?.router, slot);
        used.delete(slot);
        await inTurn(async () => {
          if (used.size === 0) await stop();
        });
      },
    };
  }

  return {
    problem,
    reserve: () =>
      inTurn(async () => {
        if (problem !== undefined) {
          throw new YardError("precondition", `Sandboxes of this host cannot reach the outside: ${problem}.`, {
            field: "network",
          });
        }
        try {
          if (!up) up = await start();
          else if (performance.now() - hostRulesAt > hostRulesEveryMs) await seeToHost();
        } catch (cause) {
          throw new YardError("unavailable", `The network of the sandboxes cannot be set up: ${String(cause)}.`, {
            cause,
          });
        }
        return connectionOf(freeSlot());
      }),
    adopt: connectionOf,
    recover: () =>
      inTurn(async () => {
        if (problem !== undefined) return;
        try {
          if (used.size > 0) up = await start();
          else if ([place.path, options.changesPath].some((path) => existsSync(path))) await clear();
        } catch (error) {
          options.onNotice?.(`The network of the sandboxes was not taken back: ${String(error)}.`);
        }
      }),
    async [Symbol.asyncDispose]() {
      await inTurn(async () => {
        await up?.parts[Symbol.asyncDispose]();
        up?.router.release();
        up = undefined;
      });
    },
  };
}

async function findProblem(nft: string | undefined): Promise<string | undefined> {
  if (nft === undefined) return "nftables is not installed (apt-get install nftables)";
  try {
    const all = `${routerRules([])}${hostRules({ table: "runyard_check", link: "ry", opened: ["lo"] })}`;
    await openPacketFilter(nft).check(all);
    return undefined;
  } catch (error) {
    return `this kernel's packet filter lacks something (${String(error)})`;
  }
}

const goneTimeoutMs = 10_000;
const [firstGoneLookMs, longestGoneLookMs] = [5, 40];

/** The kernel removes a link with the namespace that its other end is in, some milliseconds after the last process there. */
async function goneFrom(router: Router | undefined, slot: number): Promise<void> {
  const deadline = performance.now() + goneTimeoutMs;
  for (let pauseMs = firstGoneLookMs; router?.links.indexOf(linkOf(slot)) !== undefined; pauseMs *= 2) {
    if (performance.now() > deadline) router?.links.remove(linkOf(slot));
    await sleep(Math.min(pauseMs, longestGoneLookMs));
  }
}

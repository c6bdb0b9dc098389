/** The router of an agent's sandboxes: a network namespace of its own, to which each of them is connected, and from which one way leads out, to the host.
 *  It outlives the agent, as the sandboxes do: it lies behind a file. */
import { closeSync, existsSync, mkdirSync, openSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { dirname } from "node:path";
import { mounts } from "../../../platform/process/mounts.ts";
import { networkCalls } from "../../../platform/process/network-calls.ts";
import { addressOf, chooseUplink, gateway, type UplinkAddresses } from "./addresses.ts";
import { type Links, openLinks } from "./links.ts";
import { linkOf, uplink } from "./rules.ts";

export interface Router {
  readonly links: Links;
  /** Runs something synchronous there. */
  within<T>(act: () => T): T;
  /** Takes the way out and all connections with it. */
  remove(): void;
  /** Lets go of it, and leaves it there. */
  release(): void;
}

const NSFS_MAGIC = 0x6e736673;
const loopback = 1;

export interface RouterPlace {
  /** The file. */
  readonly path: string;
  /** Of the host's end of the way out. */
  readonly link: string;
  readonly owner: string;
}

/** The one that is there, or a new one, without rules as yet, and so handing nothing on. */
export async function openRouter(place: RouterPlace): Promise<Router> {
  const { path, link, owner } = place;
  if (isNamespace(path)) return routerAt(place);
  removeRouter(place); // half of one
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  writeFileSync(path, "", { mode: 0o600 });
  networkCalls().makeNamespace(path);
  const router = routerAt(place);
  try {
    await connectToHost(router, { link, addresses: chooseUplink(owner, hostAddresses()) });
    return router;
  } catch (error) {
    router.remove();
    throw error;
  }
}

/** What is left of one, also of one that was made half. */
export function removeRouter({ path, link }: RouterPlace): void {
  using links = openLinks();
  links.remove(link);
  if (isNamespace(path)) mounts().unmount(path);
  rmSync(path, { force: true });
}

export function hostAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return [...new Set(all.filter(({ family }) => family === "IPv4").map(({ address }) => address))].sort();
}

function routerAt(place: RouterPlace): Router {
  const namespace = openSync(place.path, "r");
  const within = <T>(act: () => T): T => networkCalls().within(namespace, act);
  const links = within(openLinks);
  const release = () => {
    links[Symbol.dispose]();
    closeSync(namespace);
  };
  return {
    links,
    within,
    release,
    remove() {
      release();
      removeRouter(place);
    },
  };
}

async function connectToHost(
  { links, within }: Router,
  parts: { link: string; addresses: UplinkAddresses },
): Promise<void> {
  const { link, addresses } = parts;
  const home = openSync("/proc/thread-self/ns/net", "r");
  try {
    await links.makePair({ name: uplink }, { name: link, namespace: home });
  } finally {
    closeSync(home);
  }
  using hostLinks = openLinks();
  const onHost = hostLinks.indexOf(link) ?? 0;
  hostLinks.setUp(onHost);
  hostLinks.addAddress(onHost, { address: addresses.host, bits: 30 });
  const out = links.indexOf(uplink) ?? 0;
  links.setUp(loopback);
  links.addAddress(loopback, { address: gateway, bits: 32 }); // answered on every interface
  links.addAddress(out, { address: addresses.router, bits: 30 });
  links.addRoute({ to: { address: "0.0.0.0", bits: 0 }, index: out, via: addresses.host });
  within(() => {
    writeFileSync("/proc/sys/net/ipv4/ip_forward", "1");
    writeFileSync("/proc/sys/net/ipv4/icmp_ratelimit", "0"); // who is refused is told so, each time: nobody but sandboxes asks
  });
}

/** Its other end is the interface `eth0` of the sandbox's namespace. */
export async function connectSandbox(
  { links, within }: Router,
  { slot, namespace }: { slot: number; namespace: number },
): Promise<void> {
  const [near, far] = [firstLinkIndex + slot, 2];
  using pairing = within(openLinks); // others use those of the router meanwhile
  const pair = () => pairing.makePair({ name: linkOf(slot), index: near }, { name: "eth0", index: far, namespace });
  try {
    await pair();
  } catch (error) {
    if (!links.remove(linkOf(slot))) throw error;
    await pair(); // one was there, of a sandbox that died with the agent before
  }
  links.addRoute({ to: { address: addressOf(slot), bits: 32 }, index: near });
  using inside = networkCalls().within(namespace, openLinks);
  inside.setUp(far);
  inside.addAddress(far, { address: addressOf(slot), bits: 32 });
  inside.addRoute({ to: { address: gateway, bits: 32 }, index: far });
  inside.addRoute({ to: { address: "0.0.0.0", bits: 0 }, index: far, via: gateway });
}

/** Above those that the kernel chooses. */
const firstLinkIndex = 1_000;

function isNamespace(path: string): boolean {
  return existsSync(path) && statfsSync(path).type === NSFS_MAGIC;
}

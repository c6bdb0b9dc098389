/** Interfaces, addresses and routes of a network namespace, asked of the kernel in its own words (rtnetlink), so that no program has to be started for each.
 *  @see rtnetlink(7), and the kernel's include/uapi/linux/{rtnetlink,if_link,if_addr}.h for the numbers */
import { closeSync } from "node:fs";
import { getSystemErrorName } from "node:util";
import { networkCalls } from "../../../platform/process/network-calls.ts";

export interface Links extends Disposable {
  /** Two interfaces that are each other's far end: the first one up, the second one in another network namespace. The kernel takes its time: nothing else may be asked for
   *  through these links meanwhile. */
  makePair(near: NewLink, far: NewLink & { readonly namespace: number }): Promise<void>;
  /** Its number, undefined if there is none. */
  indexOf(name: string): number | undefined;
  setUp(index: number): void;
  addAddress(index: number, address: Address): void;
  /** Without `via` its addresses are on the link itself. */
  addRoute(route: { readonly to: Address; readonly index: number; readonly via?: string }): void;
  /** With its far end. @returns whether there was one */
  remove(name: string): boolean;
}

export interface NewLink {
  readonly name: string;
  /** The kernel's choice if absent. */
  readonly index?: number;
}

export interface Address {
  readonly address: string;
  /** Length of the network's prefix in bits. */
  readonly bits: number;
}

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_NEWROUTE = 24;
const NLMSG_ERROR = 2;
const NLM_F_REQUEST = 0x1;
const NLM_F_ACK = 0x4;
const NLM_F_EXCL = 0x200;
const NLM_F_CREATE = 0x400;
const IFLA_IFNAME = 3;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_NET_NS_FD = 28;
const VETH_INFO_PEER = 1;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RT_TABLE_MAIN = 254;
const RTPROT_STATIC = 4;
const RT_SCOPE_LINK = 253;
const RTN_UNICAST = 1;
const IFF_UP = 1;
const AF_INET = 2;
const headerBytes = 16;
const make = NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;

/** Of the namespace that the thread is in now; stays with it when the thread leaves. */
export function openLinks(): Links {
  const socket = networkCalls().openRouteSocket();
  const request = (type: number, body: Buffer, flags = NLM_F_ACK): Buffer =>
    checked(networkCalls().exchange(socket, messageOf(type, body, flags)));

  return {
    async makePair(near, far) {
      const peer = attribute(
        VETH_INFO_PEER,
        Buffer.concat([linkHeader({ index: far.index }), name(far.name), number(IFLA_NET_NS_FD, far.namespace)]),
      );
      const kind = Buffer.concat([text(IFLA_INFO_KIND, "veth"), attribute(IFLA_INFO_DATA, peer)]);
      const link = linkHeader({ index: near.index, isUp: true });
      const body = Buffer.concat([link, name(near.name), attribute(IFLA_LINKINFO, kind)]);
      checked(await networkCalls().exchangeAside(socket, messageOf(RTM_NEWLINK, body, make)));
    },
    indexOf(interfaceName) {
      try {
        const body = Buffer.concat([linkHeader({}), name(interfaceName)]);
        return read32(request(RTM_GETLINK, body, 0), headerBytes + 4); // the answer is the acknowledgement
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    },
    setUp: (index) => void request(RTM_NEWLINK, linkHeader({ index, isUp: true })),
    addAddress(index, { address, bits }) {
      const header = Buffer.from([AF_INET, bits, 0, 0, 0, 0, 0, 0]);
      write32(header, index, 4);
      const addresses = [attribute(IFA_LOCAL, bytesOf(address)), attribute(IFA_ADDRESS, bytesOf(address))];
      request(RTM_NEWADDR, Buffer.concat([header, ...addresses]), make);
    },
    addRoute({ to, index, via }) {
      const scope = via === undefined ? RT_SCOPE_LINK : 0;
      const header = Buffer.from([
        AF_INET,
        to.bits,
        0,
        0,
        RT_TABLE_MAIN,
        RTPROT_STATIC,
        scope,
        RTN_UNICAST,
        0,
        0,
        0,
        0,
      ]);
      const attributes = [
        ...(to.bits > 0 ? [attribute(RTA_DST, bytesOf(to.address))] : []),
        number(RTA_OIF, index),
        ...(via === undefined ? [] : [attribute(RTA_GATEWAY, bytesOf(via))]),
      ];
      request(RTM_NEWROUTE, Buffer.concat([header, ...attributes]), make);
    },
    remove(interfaceName) {
      try {
        request(RTM_DELLINK, Buffer.concat([linkHeader({}), name(interfaceName)]));
        return true;
      } catch (error) {
        if (isAbsent(error)) return false;
        throw error;
      }
    },
    [Symbol.dispose]: () => closeSync(socket),
  };
}

function messageOf(type: number, body: Buffer, flags: number): Buffer {
  const message = Buffer.concat([Buffer.alloc(headerBytes), body]);
  write32(message, message.length, 0);
  write16(message, type, 4);
  write16(message, NLM_F_REQUEST | flags, 6);
  return message;
}

/** The answer, if it is none of refusal. */
function checked(answer: Buffer): Buffer {
  const errno = read16(answer, 4) === NLMSG_ERROR ? read32(answer, headerBytes) : 0;
  if (errno === 0) return answer;
  const code = getSystemErrorName(errno);
  throw Object.assign(new Error(`The kernel refuses a change of its network: ${code}`), { code });
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENODEV";
}

/** The four numbers of an IPv4 address. */
export function bytesOf(address: string): Buffer {
  return Buffer.from(address.split(".").map(Number));
}

function linkHeader({ index = 0, isUp = false }: { index?: number; isUp?: boolean }): Buffer {
  const header = Buffer.alloc(16);
  write32(header, index, 4);
  if (isUp) for (const at of [8, 12]) write32(header, IFF_UP, at); // its flags, and which of them are meant
  return header;
}

/** Padded to a multiple of four bytes, which its length does not count. */
function attribute(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  write16(bytes, 4 + value.length, 0);
  write16(bytes, type, 2);
  bytes.set(value, 4);
  return bytes;
}

const text = (type: number, value: string) => attribute(type, Buffer.from(`${value}\0`));
const name = (value: string) => text(IFLA_IFNAME, value);

function number(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  write32(bytes, value, 0);
  return attribute(type, bytes);
}

// Of x64 and arm64, the processors that sandboxes run on (seccomp.ts).
const write16 = (to: Buffer, value: number, at: number) => void to.writeUInt16LE(value, at);
const write32 = (to: Buffer, value: number, at: number) => void to.writeInt32LE(value, at);
const read16 = (from: Buffer, at: number) => from.readUInt16LE(at);
const read32 = (from: Buffer, at: number) => from.readInt32LE(at);

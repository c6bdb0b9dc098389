/** The system calls of network namespaces and their sockets, which Node lacks, of the C library. All of them are synchronous, so that nothing else of this
 *  thread can run in a namespace that was entered for a moment. */
import { closeSync } from "node:fs";
import { aside, cLibrary, systemError } from "./c-library.ts";
import { mounts } from "./mounts.ts";
import { enterNamespace, thenBack } from "./thread-namespaces.ts";

const CLONE_NEWNET = 0x40000000;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const NETLINK_ROUTE = 0;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_RCVTIMEO = 20;
const backlog = 128;

/** As the kernel has it: 4 bytes, or 16. */
export type Address = readonly number[];

export interface NetworkCalls {
  /** Runs `act`, which must not wait for anything, with this thread in that network namespace. */
  within<T>(namespace: number, act: () => T): T;
  /** Makes a network namespace with nothing in it, which lives as long as the file `path` is mounted. */
  makeNamespace(path: string): void;
  /** Sockets of name servers, in the namespace that the thread is in. */
  bindForNames(address: Address, port: number): { readonly datagrams: number; readonly connections: number };
  /** For the interfaces and routes of the namespace that the thread is in. */
  openRouteSocket(): number;
  /** Sends one message, and takes the kernel's answer. */
  exchange(socket: number, message: Buffer): Buffer;
  /** The same, while this thread goes on: for what the kernel takes its time for. Nobody else may use the socket meanwhile. */
  exchangeAside(socket: number, message: Buffer): Promise<Buffer>;
  /** A TCP socket that waits for nothing, in the namespace that the thread is in, for an address of that family. */
  openStream(address: Address): number;
  /** @returns the errno's name, where it is not connected yet or cannot be */
  connect(stream: number, address: Address, port: number): string | undefined;
}

let loaded: NetworkCalls | undefined;

/** @throws an error where koffi has no build for this machine */
export function networkCalls(): NetworkCalls {
  loaded ??= load();
  return loaded;
}

function load(): NetworkCalls {
  const { declare, check, errorName } = cLibrary();
  const unshare = declare("int unshare(int flags)");
  const socket = declare("int socket(int family, int type, int protocol)");
  const bind = declare("int bind(int fd, void *address, unsigned int length)");
  const connect = declare("int connect(int fd, void *address, unsigned int length)");
  const listen = declare("int listen(int fd, int backlog)");
  const setOption = declare("int setsockopt(int fd, int level, int name, void *value, unsigned int length)");
  const send = declare("long send(int fd, void *bytes, size_t length, int flags)");
  const receive = declare("long recv(int fd, void *bytes, size_t length, int flags)");

  const openSocket = (family: number, type: number, protocol = 0) =>
    check("socket", socket(family, type | SOCK_CLOEXEC, protocol));
  function receiveAnswer(fd: number): Buffer {
    const answer = Buffer.alloc(16 * 1024);
    return answer.subarray(0, check("recv", receive(fd, answer, answer.length, 0)));
  }
  function bound(type: number, address: Address, port: number): number {
    const fd = openSocket(AF_INET, type | SOCK_NONBLOCK);
    try {
      if (type === SOCK_STREAM) check("setsockopt", setOption(fd, SOL_SOCKET, SO_REUSEADDR, oneAsInt, 4));
      const name = socketAddress(address, port);
      check("bind", bind(fd, name, name.length));
      if (type === SOCK_STREAM) check("listen", listen(fd, backlog));
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  return {
    within: (namespace, act) =>
      thenBack("net", () => {
        enterNamespace("net", namespace);
        return act();
      }),
    makeNamespace: (path) =>
      thenBack("net", () => {
        check("unshare", unshare(CLONE_NEWNET));
        mounts().mountAt("/proc/thread-self/ns/net", path);
      }),
    bindForNames(address, port) {
      const datagrams = bound(SOCK_DGRAM, address, port);
      try {
        return { datagrams, connections: bound(SOCK_STREAM, address, port) };
      } catch (error) {
        closeSync(datagrams);
        throw error;
      }
    },
    openRouteSocket() {
      const fd = openSocket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
      const seconds = Buffer.alloc(16);
      seconds.writeBigInt64LE(5n, 0); // the kernel answers at once; a thread that waits for ever would be worse than an error
      check("setsockopt", setOption(fd, SOL_SOCKET, SO_RCVTIMEO, seconds, seconds.length));
      return fd;
    },
    exchange(fd, message) {
      check("send", send(fd, message, message.length, 0));
      return receiveAnswer(fd);
    },
    async exchangeAside(fd, message) {
      const sent = Number(await aside(send, [fd, message, message.length, 0])); // it is done within this call
      if (sent < 0) throw systemError("send", "EIO", "the kernel takes no message about its network");
      return receiveAnswer(fd);
    },
    openStream: (address) => openSocket(familyOf(address), SOCK_STREAM | SOCK_NONBLOCK),
    connect(fd, address, port) {
      const name = socketAddress(address, port);
      return Number(connect(fd, name, name.length)) < 0 ? errorName() : undefined;
    },
  };
}

const familyOf = (address: Address) => (address.length === 4 ? AF_INET : AF_INET6);

/** @see ip(7), ipv6(7) */
function socketAddress(address: Address, port: number): Buffer {
  const family = familyOf(address);
  const encoded = Buffer.alloc(family === AF_INET ? 16 : 28);
  encoded.writeUInt16LE(family, 0);
  encoded.writeUInt16BE(port, 2);
  encoded.set(address, family === AF_INET ? 4 : 8);
  return encoded;
}

const oneAsInt = Buffer.from(new Int32Array([1]).buffer);

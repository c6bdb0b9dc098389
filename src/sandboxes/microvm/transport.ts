/** The byte stream to a machine's SSH server, through a port of the emulator. It outlives the emulator: when a machine is paused its bytes stop, and when it is resumed
 *  they go on over the next emulator's port, so that neither end of the SSH connection ever learns of it. That holds if no byte is on its way meanwhile: what was
 *  sent must have been taken (`quiesce`), and what comes is read to its end. */
import { once } from "node:events";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type CFunction, cLibrary } from "../../platform/process/c-library.ts";
import { descriptorOf } from "../../platform/process/pass-descriptor.ts";

export interface Transport {
  readonly stream: Duplex;
  /** Goes on over that one. */
  attach(socket: Socket): void;
  /** Holds back what is written from now on. @returns whether everything before has been taken within the time; if not, the connection is lost with the machine */
  quiesce(options: { timeoutMs: number }): Promise<boolean>;
  /** Takes `quiesce` back. */
  release(): void;
  /** The emulator has ended: resolves when all that it sent was read. */
  detach(): Promise<void>;
}

const SIOCOUTQ = 0x5411;
let ioctl: CFunction | undefined;
const lookAgainMs = 2;
const detachWithinMs = 2_000;

export function createTransport(): Transport {
  let socket: Socket | undefined;
  let isHeld = true;
  let isDetaching = false;
  let held: (() => void) | undefined;

  const stream = new Duplex({
    allowHalfOpen: false,
    read: () => void socket?.resume(),
    write(chunk: Buffer, _encoding, done) {
      const send = () => void socket?.write(chunk, () => done()); // a socket that breaks ends the stream
      if (isHeld) held = send;
      else send();
    },
    destroy(error, done) {
      socket?.destroy();
      done(error);
    },
  });

  function letGo(): void {
    isHeld = false;
    const send = held;
    held = undefined;
    send?.();
  }

  return {
    stream,
    attach(next) {
      socket = next;
      isDetaching = false;
      next.on("data", (bytes: Buffer) => {
        if (!stream.push(bytes)) next.pause();
      });
      next.once("close", () => {
        if (!isDetaching) stream.destroy();
      });
      letGo();
    },
    async quiesce({ timeoutMs }) {
      isHeld = true;
      const deadline = performance.now() + timeoutMs;
      while (socket && (socket.writableLength > 0 || untaken(socket) > 0)) {
        if (performance.now() > deadline) return false;
        await sleep(lookAgainMs);
      }
      isDetaching = true; // from here on its end is the emulator's, not the connection's
      return !stream.destroyed;
    },
    release() {
      isDetaching = false;
      letGo();
    },
    async detach() {
      const left = socket;
      if (!left || left.closed) return;
      left.resume();
      const limit = setTimeout(() => left.destroy(), detachWithinMs);
      await once(left, "close").finally(() => clearTimeout(limit));
    },
  };
}

/** Bytes that the other end of a Unix socket has not read. @see unix(7) */
function untaken(socket: Socket): number {
  const fd = descriptorOf(socket);
  if (fd === undefined) return 0;
  ioctl ??= cLibrary().declare("int ioctl(int fd, ulong request, _Out_ int *value)");
  const value = [0];
  return Number(ioctl(fd, SIOCOUTQ, value)) === 0 ? Number(value[0]) : 0;
}

/** A descriptor that goes to another process through a Unix socket, which Node can do to its own children alone. @see unix(7), SCM_RIGHTS */
import type { Socket } from "node:net";
import { type CFunction, cLibrary } from "./c-library.ts";

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** Of a control message of one descriptor, and with what it is padded by: cmsg(3). */
const controlBytes = 20;
const paddedBytes = 24;

let sendmsg: CFunction | undefined;

/** The other side has it as a descriptor of its own, whatever becomes of ours.
 *  @param socket on which nothing of ours waits to be sent
 *  @throws an error with the errno's name as its `code`; EMSGSIZE where not all of `bytes` was taken */
export function passDescriptor(socket: number, bytes: Buffer, descriptor: number): void {
  const { check } = cLibrary();
  sendmsg ??= load();
  const control = Buffer.alloc(paddedBytes);
  control.writeBigUInt64LE(BigInt(controlBytes), 0);
  control.writeInt32LE(SOL_SOCKET, 8);
  control.writeInt32LE(SCM_RIGHTS, 12);
  control.writeInt32LE(descriptor, 16);
  const message = {
    name: null,
    nameBytes: 0,
    parts: [{ bytes, length: bytes.length }],
    partCount: 1,
    control,
    controlBytes: control.length,
    flags: 0,
  };
  const sent = check("sendmsg", sendmsg(socket, message, MSG_DONTWAIT | MSG_NOSIGNAL));
  if (sent < bytes.length) throw Object.assign(new Error("sendmsg: too long"), { code: "EMSGSIZE" });
}

/** Of a socket of Node's own, as long as it is open. */
export function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, "_handle");
  const fd: unknown = typeof handle === "object" && handle !== null ? Reflect.get(handle, "fd") : undefined;
  return typeof fd === "number" && fd >= 0 ? fd : undefined;
}

function load(): CFunction {
  const { declare, declareStructure } = cLibrary();
  declareStructure("message_part", { bytes: "void *", length: "size_t" });
  declareStructure("socket_message", {
    name: "void *",
    nameBytes: "uint32_t",
    parts: "message_part *",
    partCount: "size_t",
    control: "void *",
    controlBytes: "size_t",
    flags: "int",
  });
  return declare("long sendmsg(int socket, socket_message *message, int flags)");
}

/** The bytes of larger files, through the SFTP server of a machine: many requests at once, so that neither end waits for the other. It is started when it is needed, on the
 *  connection that is open, and ends a little after its last use. It serves nothing but descriptors that the attendant holds (container/file-transfers.ts). */
import type { SFTPWrapper } from "ssh2";
import { after } from "../../platform/timers.ts";
import { type Descriptor, type FileTransfers, type OpenTransfer, Unwritten } from "../container/file-transfers.ts";

/** The most that OpenSSH's server takes or gives at once: SFTP_MAX_MSG_LENGTH less a kibibyte. */
const requestBytes = 255 * 1024;
/** As large as the window of an SSH channel: more would only wait for it. */
const requestsAtOnce = 8;
const keepMs = 10_000;
const openTimeoutMs = 30_000;
/** Flags of SSH_FXP_OPEN. @see draft-ietf-secsh-filexfer-02, 6.3 */
const flags = { read: 0x01, write: 0x02 } as const;

/** @param start on the connection to the machine as it is now */
export function createSftpTransfers(start: () => Promise<SFTPWrapper>): FileTransfers & Disposable {
  let current: Promise<SFTPWrapper> | undefined;
  let users = 0;
  let expiry: Disposable | undefined;

  function server(): Promise<SFTPWrapper> {
    current ??= start().then((sftp) => {
      sftp.on("error", () => {}); // requests are answered with it
      sftp.once("close", stop);
      return sftp;
    });
    current.catch(stop);
    return current;
  }

  function stop(): void {
    current?.then((sftp) => sftp.end()).catch(() => {});
    current = undefined;
  }

  function leave(): void {
    users--;
    expiry?.[Symbol.dispose]();
    expiry = after(keepMs, () => users === 0 && stop());
  }

  return {
    async open(descriptor, access) {
      users++;
      expiry?.[Symbol.dispose]();
      try {
        const sftp = await server();
        using _limit = setTimeout(stop, openTimeoutMs); // whatever was put in the place of a file must not keep others waiting
        const handle = await openHandle(sftp, descriptor, access);
        return transferOf(sftp, handle, leave);
      } catch {
        leave();
        return undefined;
      }
    },
    [Symbol.dispose]() {
      expiry?.[Symbol.dispose]();
      stop();
    },
  };
}

function openHandle(sftp: SFTPWrapper, { pid, fd }: Descriptor, access: keyof typeof flags): Promise<Buffer> {
  return answered((done) => sftp.open(`/inside/${pid}/fd/${fd}`, flags[access], done));
}

function transferOf(sftp: SFTPWrapper, handle: Buffer, onClosed: () => void): OpenTransfer {
  /** Fewer than asked for at the end of the file. */
  const readAt = (position: number, length: number) =>
    answered<Buffer>((done) => {
      const bytes = Buffer.allocUnsafe(length);
      sftp.read(handle, bytes, 0, length, position, (error, count) => done(error, bytes.subarray(0, count)));
    });
  const writeAt = (position: number, bytes: Buffer) =>
    answered<void>((done) => sftp.write(handle, bytes, 0, bytes.length, position, (error) => done(error))).catch(
      (cause) => {
        throw new Unwritten(position, bytes, { cause });
      },
    );

  return {
    async *read(size) {
      const asked: { length: number; bytes: Promise<Buffer> }[] = [];
      let next = 0;
      try {
        for (;;) {
          while (next < size && asked.length < requestsAtOnce) {
            const length = Math.min(requestBytes, size - next);
            const bytes = readAt(next, length);
            bytes.catch(() => {}); // thrown when it is its turn
            asked.push({ length, bytes });
            next += length;
          }
          const first = asked.shift();
          if (!first) return;
          const bytes = await first.bytes;
          yield bytes;
          if (bytes.length < first.length) return;
        }
      } finally {
        await Promise.allSettled(asked.map(({ bytes }) => bytes));
      }
    },
    async write(pieces) {
      const underWay = new Set<Promise<void>>();
      let failure: unknown;
      let position = 0;
      try {
        for await (const piece of pieces) {
          for (let at = 0; at < piece.length; at += requestBytes) {
            while (underWay.size >= requestsAtOnce) await Promise.race(underWay);
            if (failure) throw failure;
            const bytes = piece.subarray(at, at + requestBytes);
            const written: Promise<void> = writeAt(position, bytes)
              .catch((error) => {
                failure ??= error;
              })
              .finally(() => underWay.delete(written));
            underWay.add(written);
            position += bytes.length;
          }
        }
      } finally {
        await Promise.all(underWay);
      }
      if (failure) throw failure;
      return position;
    },
    async [Symbol.asyncDispose]() {
      await answered<void>((done) => sftp.close(handle, (error) => done(error))).catch(() => {});
      onClosed();
    },
  };
}

function answered<T>(act: (done: (error: Error | null | undefined, result: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => act((error, result) => (error ? reject(error) : resolve(result))));
}

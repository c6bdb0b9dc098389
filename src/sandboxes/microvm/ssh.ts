/** The SSH connection to a machine: all that is done inside goes through it. One for each machine, multiplexed. */
import { once } from "node:events";
import type { Duplex } from "node:stream";
import ssh2, { type ClientChannel, type SFTPWrapper } from "ssh2";
import { YardError } from "../../platform/errors.ts";
import type { EngineExec, ExecRequest } from "../container/engine-exec.ts";
import { toolsPath } from "../container/inside/paths.ts";
import { type ProcessStart, startInShell } from "../container/process-start.ts";
import { startsSocket } from "./inside/starter.ts";
import { startThrough } from "./process-start.ts";

export interface Keys {
  /** Of the machine's server, private. */
  readonly host: string;
  /** Of ours, private. */
  readonly client: string;
}

export interface Connection extends Disposable {
  startExec(request: ExecRequest): Promise<EngineExec>;
  /** As `StartProcess`. */
  startProcess(start: ProcessStart): Promise<EngineExec>;
  /** What a shell command inside prints, as the capsule's root. @throws {YardError} unavailable */
  ask(script: string): Promise<string>;
  /** The machine's SFTP server. @throws {YardError} unavailable: one that was paused by an earlier build has none */
  startSftp(): Promise<SFTPWrapper>;
  /** @throws {YardError} unavailable, if nothing listens there */
  dial(port: number): Promise<Duplex>;
  isOpen(): boolean;
}

const { Client, utils } = ssh2;
const readyTimeoutMs = 60_000;
const answerTimeoutMs = 30_000;
/** The kernel takes no longer argument, and an SSH server hands the whole command over as one. */
const mostCommandBytes = 128 * 1024 - 1_024;
const mostAnswerBytes = 64 * 1024;

/** OpenSSH brings its own slow code for the 25519 curves, and the assembler of OpenSSL for this one: 0.3 s in place of 1.6 s for a connection to an emulated machine. */
const curve = { kind: "ecdsa", bits: 256 } as const;
const algorithms = {
  kex: ["ecdh-sha2-nistp256"],
  serverHostKey: ["ecdsa-sha2-nistp256"],
  cipher: ["chacha20-poly1305@openssh.com"],
  compress: ["none"],
} as const;

/** New ones for every machine. */
export function makeKeys(): Keys {
  const make = () => utils.generateKeyPairSync(curve.kind, { bits: curve.bits }).private;
  return { host: make(), client: make() };
}

/** As a line of the file of keys that are let in. */
export function publicKeyOf(key: string): string {
  const parsed = utils.parseKey(key);
  if (parsed instanceof Error) throw parsed;
  return `${parsed.type} ${parsed.getPublicSSH().toString("base64")}`;
}

function sameKey(key: string): (offered: Buffer) => boolean {
  const parsed = utils.parseKey(key);
  if (parsed instanceof Error) throw parsed;
  const expected = parsed.getPublicSSH();
  return (offered) => offered.equals(expected);
}

/** @throws {YardError} unavailable: nobody answers, or somebody else */
export async function openConnection(stream: Duplex, keys: Keys): Promise<Connection> {
  const client = new Client();
  let isOpen = false;
  client.on("error", () => {}); // whoever waits for something is told
  client.once("close", () => {
    isOpen = false;
  });
  client.connect({
    sock: stream,
    username: "root",
    privateKey: keys.client,
    hostVerifier: sameKey(keys.host),
    readyTimeout: readyTimeoutMs,
    keepaliveInterval: 0, // a paused machine answers nobody
    algorithms: {
      ...algorithms,
      kex: [...algorithms.kex],
      cipher: [...algorithms.cipher],
      compress: [...algorithms.compress],
      serverHostKey: [...algorithms.serverHostKey],
    },
  });
  const failed = once(client, "close").then(() => {
    throw new YardError("unavailable", "The machine's SSH server does not let us in.");
  });
  await Promise.race([once(client, "ready"), failed]);
  failed.catch(() => {});
  isOpen = true;

  /** @param act takes a callback, which is not called when the connection ends in between */
  function answered<T>(act: (done: (error: Error | undefined, result: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const broken = () =>
        settle(() => reject(new YardError("unavailable", "The connection to the machine has ended.")));
      const limit = setTimeout(() => {
        settle(() =>
          reject(new YardError("timeout", "The machine does not answer: it may be out of processes or memory.")),
        );
      }, answerTimeoutMs);
      const settle = (end: () => void) => {
        clearTimeout(limit);
        client.off("close", broken);
        end();
      };
      client.once("close", broken);
      if (!isOpen) return broken();
      try {
        act((error, result) => settle(() => (error ? reject(refusal(error)) : resolve(result))));
      } catch (error) {
        settle(() => reject(refusal(error)));
      }
    });
  }

  async function startExec(request: ExecRequest): Promise<EngineExec> {
    const command = commandOf(request);
    if (Buffer.byteLength(command) > mostCommandBytes) {
      const message = `Arguments and environment are too long: together they may have ${mostCommandBytes} bytes.`;
      throw new YardError("invalid", message, { field: "argv" });
    }
    const pty = request.terminal ? { term: "xterm-256color", cols: 80, rows: 24, width: 0, height: 0 } : undefined;
    const channel = await answered<ClientChannel>((done) => client.exec(command, pty ? { pty } : {}, done));
    channel.on("error", () => {}); // the streams end
    return {
      input: channel,
      output: channel,
      errors: channel.stderr,
      resize: async ({ cols, rows }) => channel.setWindow(rows, cols, 0, 0),
      release: () => void channel.destroy(),
    };
  }

  const startInShellThere = startInShell(startExec);

  return {
    startExec,
    async startProcess(start) {
      if (start.mode === "terminal") return startInShellThere(start);
      const opened = answered<ClientChannel>((done) => client.openssh_forwardOutStreamLocal(startsSocket, done));
      const channel = await opened.catch(() => undefined); // a machine that was paused by an earlier build has nobody there
      return channel ? startThrough(channel, start) : startInShellThere(start);
    },
    async ask(script) {
      const { output, errors, release } = await startExec({
        argv: [`${toolsPath}/bin/sh`, "-c", `PATH=${toolsPath}/bin; ${script}`],
        user: "0",
      });
      errors.resume();
      using _limit = setTimeout(release, answerTimeoutMs);
      let text = "";
      for await (const bytes of output as AsyncIterable<Buffer>) text = (text + bytes).slice(0, mostAnswerBytes);
      return text;
    },
    startSftp: () => answered<SFTPWrapper>((done) => client.sftp(done)),
    async dial(port) {
      const to = (address: string) =>
        answered<ClientChannel>((done) => client.forwardOut("127.0.0.1", 0, address, port, done));
      try {
        return await to("127.0.0.1").catch(() => to("::1"));
      } catch (cause) {
        const message = `Nothing listens on port ${port} in the sandbox.`;
        throw new YardError("unavailable", message, { field: "port", cause });
      }
    },
    isOpen: () => isOpen,
    [Symbol.dispose]: () => void client.destroy(),
  };
}

function refusal(error: unknown): YardError {
  const reason = error instanceof Error ? error.message : String(error);
  return new YardError("unavailable", `The machine refuses: ${reason}.`, { cause: error, retryAfterMs: 1_000 });
}

/** For the shell that the machine's login is: into the capsule's control group, with the environment, as the user. */
function commandOf({ argv, env = [], user, terminal, hasPipedInput }: ExecRequest): string {
  const words = argv.map(quote).join(" ");
  const variables = env.map((one) => {
    const at = one.indexOf("=");
    return `export ${one.slice(0, at)}=${quote(one.slice(at + 1))}; `;
  });
  // A terminal's processes need a session that can be seen where they are.
  const asSession = terminal ? `${toolsPath}/bin/setsid -c ` : "";
  const begin = `echo 0 >/sys/fs/cgroup/cgroup.procs; cd /; ${variables.join("")}`;
  // What the server gives is a socket.
  const piped = (command: string) => (hasPipedInput ? `${toolsPath}/bin/cat | { ${command}; }` : command);
  if (user === "0" || user === "0:0") return `${begin}export HOME=/root; ${piped(`exec ${asSession}${words}`)}`;
  const known = `PATH=${toolsPath}/bin; id -u ${quote(user)} >/dev/null 2>&1 || { echo "unable to find user"; exit 1; }; `;
  const become = `exec ${asSession}su -s ${toolsPath}/bin/sh ${quote(user)} -c ${quote(`exec ${words}`)}`;
  return `${begin}${known}${piped(become)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Where processes run: one narrow interface that every driver serves whole. What a driver cannot do it declares in
 *  `can`, and refuses with `precondition`; it never pretends. The interface holds plain data and streams only, so that
 *  the same one is served on this machine and through the connection to a remote host's agent (hosts/). */
import type { Stats } from "node:fs";
import type { Duplex, Readable, Writable } from "node:stream";
import type { Arrivals, Departure } from "./sandbox-image.ts";

export type { Arrivals, Departure, ImagePart, SandboxImage } from "./sandbox-image.ts";

/** Where a driver differs from the others, declared up front. */
export interface Capabilities {
  /** Processes may be run as an OS user of the host. */
  readonly osUsers: boolean;
  /** `limits` are enforced (on this machine, now). */
  readonly limits: boolean;
  /** False: those of sandboxes alone, and none of a process. */
  readonly processLimits?: boolean;
  readonly terminal: boolean;
  /** Own root file system, separate from the host's. */
  readonly ownFiles: boolean;
  readonly pause: "none" | "frozen" | "saved";
  /** `limits.diskBytes` is enforced. */
  readonly diskLimit?: boolean;
  /** Absent: its sandboxes have the host's network. */
  readonly networks?: readonly NetworkMode[];
  /** Has templates, and makes them of sandboxes. */
  readonly templates?: boolean;
  /** Ports inside its sandboxes are reached. */
  readonly dial?: boolean;
  /** All that runs in its sandboxes is told. */
  readonly inhabitants?: boolean;
  /** Those in which nothing runs are moved to other hosts. */
  readonly moves?: boolean;
}

/** `none`: a loopback of its own and nothing else. `outbound`: besides that, connections to public addresses, and names of them; nobody reaches
 *  it from outside but through `dial`. */
export type NetworkMode = "none" | "outbound";

export type Availability =
  /** `isEmulated`: no processor of this host runs its sandboxes itself, which makes them many times slower. */
  | { readonly usable: true; readonly isEmulated?: true }
  | { readonly usable: false; readonly reason: string; readonly fix?: string };

export interface Limits {
  readonly memoryBytes?: number;
  /** Memory and swap together. */
  readonly memoryAndSwapBytes?: number;
  /** Relative weight, 1024 is one share (cgroup v1's scale). */
  readonly cpuShares?: number;
  /** Ceiling in cores, fractions allowed. */
  readonly cpus?: number;
  readonly processes?: number;
  /** Of all that is written, for a sandbox. */
  readonly diskBytes?: number;
}

export interface SandboxSpec {
  /** Given by the caller, so that a repeated create is the same one. */
  readonly id: string;
  readonly limits?: Limits;
  /** What it starts from, where the driver has templates; `minimal` if absent. */
  readonly template?: string;
  /** `none` if absent, where the driver has networks. */
  readonly network?: NetworkMode;
}

/** What a driver needs to find a sandbox again after a restart: versioned, serialisable data. */
export interface SandboxHandle {
  readonly driver: string;
  readonly version: 1;
  readonly id: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** `stopped`: nothing runs in it any more (its machine was restarted), and its files are there: `resume` starts it anew. */
export type SandboxStatus = "running" | "paused" | "stopped" | "gone";

export interface ProcessSpec {
  /** Given by the caller: starting the same id twice starts one process. Letters, digits, `_` `-` `.`; 1 to 64 of them. */
  readonly id: string;
  /** Program and arguments, handed to the kernel as they are: no shell unless the caller names one here. */
  readonly argv: readonly string[];
  readonly cwd?: string;
  /** Added to the sandbox's own small environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Likewise, of whoever runs the sandbox: where it is that the program runs. No name among them means anything to the programs of the host, which may see
   *  them on the way; so none may come from a guest. Those of `env` win. */
  readonly facts?: Readonly<Record<string, string>>;
  /** `none`: empty standard input. `open`: `stdin` may be written until it is ended. Or the whole of it as text. */
  readonly stdin?: "none" | "open" | { readonly text: string };
  /** OS user's name; needs an agent that runs as root. */
  readonly user?: string;
  readonly limits?: Limits;
  readonly terminal?: { readonly cols: number; readonly rows: number };
  /** `separate`: standard error has a log of its own, `Process.errors`. Both in one, in the order of arrival, if absent. */
  readonly streams?: "merged" | "separate";
  /** Output kept on disk, of each log; the oldest bytes go first, positions stay. */
  readonly maxOutputBytes?: number;
  /** Kept with the process, unread: what whoever started it needs to recognise it. */
  readonly meta?: ProcessMeta;
  /** It is forgotten by itself this long after its end. By `forget` alone, if absent. */
  readonly forgetAfterMs?: number;
  /** What it has started lives on when it has ended by itself, as on a machine of one's own. It is killed then, if absent. */
  readonly sparesGroup?: boolean;
}

export type ProcessMeta = Readonly<Record<string, unknown>>;

/** How a process ended. Neither `code` nor `signal`: it ended while nobody who could know was there. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Wall time in milliseconds; of an unknown exit, when it was noticed. */
  readonly at: number;
  /** The kernel killed something of it because `limits.memoryBytes` was reached. */
  readonly outOfMemory?: true;
}

export interface OutputChunk {
  readonly bytes: Buffer;
  /** Position of the first byte: higher than asked for when the oldest output is gone already. */
  readonly from: number;
  /** Position after the last byte: ask with this next. */
  readonly next: number;
}

/** Standard output and error of one process, as one append-only log in the order of arrival. Positions count bytes from
 *  the process' start and never shift. */
export interface OutputLog {
  /** Total bytes written so far. */
  size(): Promise<number>;
  /** Up to `maxBytes` from `position`; empty at the end.
   *  @throws {YardError} invalid, if `position` is beyond the end */
  read(options: { position: number; maxBytes: number }): Promise<OutputChunk>;
  /** All bytes from `position` (or from the oldest that is kept), then what is added, until the process has ended and everything was
   *  delivered, or the stream is destroyed. Backpressure holds back the reader, never the process: a reader that is so slow that what it
   *  should get next is gone gets an error (`interrupted`), never a gap; through a host's connection it is taken up again after the gap. */
  follow(options: { position: number }): Readable;
}

export interface ProcessUsage {
  /** Of the whole process tree. 100 is one core, since the previous call for the same process; 0 at the first. */
  readonly cpuPercent: number;
  readonly rssBytes: number;
  readonly openFiles: number;
  readonly pids: readonly number[];
  /** OS user of the main process. */
  readonly user?: string;
  /** The main process with its descendants, where it was asked for: 512 of them at most. */
  readonly tree?: ProcessTree;
}

export interface ProcessTree {
  readonly pid: number;
  readonly name: string;
  readonly children: readonly ProcessTree[];
}

export const processSignals = [
  "SIGTERM",
  "SIGKILL",
  "SIGINT",
  "SIGHUP",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2",
  "SIGSTOP",
  "SIGCONT",
  "SIGWINCH",
] as const;
export type ProcessSignal = (typeof processSignals)[number];

/** Positions in the logs of a process. */
export interface ReadPlaces {
  readonly output?: number;
  readonly errors?: number;
}

export interface Process {
  readonly id: string;
  readonly pid: number;
  /** As its sandbox numbers it, where that differs from the host and the driver can tell. */
  readonly pidInside?: number;
  readonly meta?: ProcessMeta;
  /** Through a host's connection: how far its logs had been followed by the last one who left. */
  readonly leftOff?: ReadPlaces;
  readonly startedAt: number;
  /** Present if it was started with `stdin: "open"` or a terminal; ending it is end-of-file. Gone after a restart of the agent. */
  readonly stdin: Writable | undefined;
  readonly output: OutputLog;
  /** Standard error, of a process that was started with `streams: "separate"`. */
  readonly errors?: OutputLog;
  /** Settles once, when the process has ended, all it had in its group is gone and its output is complete. Never rejects. */
  readonly exited: Promise<Exit>;
  /** Set once `exited` has settled, where that is known without asking a remote host. */
  readonly exit?: Exit;
  /** Whether `resize` has something to act on, where that is known. */
  readonly hasTerminal?: boolean;
  /** To the whole process group; nothing if it has ended.
   *  @throws {YardError} invalid, for a signal that is not in the list */
  signal(signal: ProcessSignal): Promise<void>;
  /** SIGTERM, after `graceMs` SIGKILL. Resolves once everything is gone. */
  stop(options: { graceMs: number }): Promise<Exit>;
  /** @throws {YardError} precondition, without a terminal */
  resize(size: { cols: number; rows: number }): Promise<void>;
  usage(options?: { tree?: boolean }): Promise<ProcessUsage>;
}

export interface SandboxUsage {
  /** CPU time of all that has run in it, in microseconds. */
  readonly cpuUs: number;
  /** Held in memory, without the files that are only cached. */
  readonly memoryBytes: number;
  readonly processes: number;
  /** On disk, without its template. */
  readonly diskBytes: number;
}

export interface FileEntry {
  readonly name: string;
  /** Absolute, as seen inside. */
  readonly path: string;
  readonly type: "file" | "directory" | "symlink" | "other";
  readonly size: number;
  /** Permission bits, setuid, setgid and sticky among them. */
  readonly mode: number;
  /** As numbers inside. */
  readonly uid: number;
  readonly gid: number;
  readonly modifiedAt: number;
  /** Of a symlink, as it is written there. */
  readonly target?: string;
  /** Of a symlink that leads somewhere: where it leads in the end, absolute and without further links. */
  readonly resolved?: string;
}

/** The files of a sandbox, as its root sees them. Paths are absolute; links lead where they lead inside, and never out. What other file systems hold
 *  there (`/proc`, `/dev`) is not reached. Without a path: not_found; a path that is none, or leads to what it should not: invalid (`path`). */
export interface SandboxFiles {
  /** Of a link itself. */
  stat(path: string): Promise<FileEntry>;
  /** What is in a directory, and in its directories down to `depth` levels (1: only its own), by name, a directory before what is in it.
   *  @throws {YardError} too_large, for more than `maxEntries` */
  list(path: string, options: { depth: number; maxEntries: number }): Promise<readonly FileEntry[]>;
  /** A regular file. */
  read(path: string): Promise<{ readonly size: number; readonly content: Readable }>;
  /** Makes the file, and the directories it is in, or writes it anew with its mode and owner as they were.
   *  @returns bytes written   @throws {YardError} storage_full */
  write(path: string, content: AsyncIterable<Uint8Array>, options?: { mode?: number }): Promise<number>;
  /** With all above it. @throws {YardError} conflict, if it is there; invalid, if it is something else */
  makeDirectory(path: string): Promise<FileEntry>;
  /** Onto what is there, as rename(2) does it. */
  move(from: string, to: string): Promise<void>;
  /** With all that is in it; a link itself. Nothing, if there is none. */
  remove(path: string): Promise<void>;
}

/** Where they are on this machine. */
export interface LocalFiles extends SandboxFiles {
  /** Opens a regular file, for others of this machine to reach it by the descriptor: as `read` does or, if there is a `mode`, as `write` does, which empties it
   *  only when something comes. */
  hold?(path: string, options?: { mode?: number }): Promise<HeldFile>;
}

export interface HeldFile extends Disposable {
  readonly fd: number;
  readonly status: Stats;
}

export interface Pausing {
  /** Nothing in it runs until `resume`, and nothing can be started; what it keeps is told by `can.pause`. Twice is once. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/** What a sandbox can start from, on the host that has it. */
export interface Template {
  readonly name: string;
  /** On disk. 0 for what is made of the host's own files. */
  readonly sizeBytes: number;
  readonly createdAt: number;
}

export interface SandboxTemplates {
  list(): Promise<readonly Template[]>;
  /** Makes one of a tar archive of a root file system, plain or gzipped: all of it, or nothing.
   *  @throws {YardError} invalid (`name`, `archive`), conflict if there is one of that name, storage_full */
  import(name: string, archive: AsyncIterable<Uint8Array>): Promise<Template>;
  /** Does ahead what the first sandbox of it with these limits would wait for. Absent, where nothing would.
   *  @throws {YardError} not_found (`template`), invalid (`limits`), unavailable, storage_full */
  prepare?(name: string, limits: Limits): Promise<void>;
  /** Nothing, if there is none. What was started from it goes on, and what it needs of it goes with the last of these.
   *  @throws {YardError} precondition, for one that the driver itself has */
  remove(name: string): Promise<void>;
}

/** Something that runs in a sandbox, whoever has started it. */
export interface Inhabitant {
  /** As the sandbox numbers it. */
  readonly pid: number;
  /** Program and arguments as it shows them now, cut where they are long. */
  readonly argv: readonly string[];
}

export interface Inhabitants {
  /** All but what is there only to keep the sandbox, oldest first. */
  list(): Promise<readonly Inhabitant[]>;
  /** To that process alone. @throws {YardError} not_found */
  signal(pid: number, signal: ProcessSignal): Promise<void>;
}

export interface Sandbox {
  readonly handle: SandboxHandle;
  /** Present where `can.inhabitants`. */
  readonly inhabitants?: Inhabitants;
  /** Present where the driver has them (`can.ownFiles`). */
  readonly files?: SandboxFiles;
  /** Present unless `can.pause` is `none`. */
  readonly pausing?: Pausing;
  usage?(): Promise<SandboxUsage>;
  /** Makes a template of its files as they are, which then go on by themselves. Present where `can.templates`; also of a paused one.
   *  @throws {YardError} invalid (`name`), conflict if there is one of that name, storage_full */
  capture?(name: string): Promise<Template>;
  /** Present where `can.moves`. */
  readonly departure?: Departure;
  /** A TCP connection to a port inside, also to one that listens on its loopback alone. Present where `can.dial`.
   *  @throws {YardError} unavailable, if nothing listens there; precondition, while it is paused */
  dial?(port: number): Promise<Duplex>;
  /** @throws {YardError} invalid (`field` of the spec), precondition (a limit or user that cannot be had here), storage_full */
  exec(spec: ProcessSpec): Promise<Process>;
  /** Running and ended ones, until they are forgotten. */
  processes(): Promise<readonly Process[]>;
  /** Ends the process if it runs, and deletes its output. */
  forget(processId: string): Promise<void>;
  /** Ends everything in it: resolves once nothing runs or can be reached any more. It leaves nothing behind: no process, mount, cgroup, file or
   *  descriptor; what takes a moment to be removed is, also if the agent dies before. */
  destroy(options?: { graceMs?: number }): Promise<void>;
}

export interface SandboxDriver extends AsyncDisposable {
  readonly name: string;
  readonly can: Capabilities;
  /** Present where `can.templates`. */
  readonly templates?: SandboxTemplates;
  /** Present where `can.moves`. */
  readonly arrivals?: Arrivals;
  available(): Promise<Availability>;
  create(spec: SandboxSpec): Promise<Sandbox>;
  /** The sandbox behind a handle, after a restart of the agent or of the control plane: what lives is adopted, by pid and start time.
   *  @throws {YardError} not_found, if nothing is left of it */
  reattach(handle: SandboxHandle): Promise<Sandbox>;
}

/** A short command that asks how something is: nothing of it is recorded, and its output is discarded. */
export type ProbeSpec = Pick<ProcessSpec, "argv" | "cwd" | "env" | "user">;

/** A sandbox where it runs, in the agent. */
export interface LocalSandbox extends Sandbox {
  readonly files?: LocalFiles;
  /** Ends all that runs in it, and keeps its files: it is `stopped` then, and resuming it starts it anew. Present where it has files of its own. What is paused
   *  is killed without a grace. */
  stop?(options: { graceMs: number }): Promise<void>;
  /** As it is now, at once. */
  status(): SandboxStatus;
  /** A sentence, of one that is `stopped` because what it lived in has ended by itself. */
  whyStopped?(): string | undefined;
  /** Runs a command to its end, in this sandbox. Killed with all of its process group once it has ended, the time has passed or `signal` is
   *  aborted.
   *  @throws {YardError} as `exec` */
  probe(spec: ProbeSpec, options: { timeoutMs: number; signal: AbortSignal }): Promise<Exit>;
}

/** A driver where it runs, in the agent: it knows all its sandboxes. */
export interface LocalSandboxDriver extends SandboxDriver {
  create(spec: SandboxSpec): Promise<LocalSandbox>;
  reattach(handle: SandboxHandle): Promise<LocalSandbox>;
  sandboxes(): Promise<readonly LocalSandbox[]>;
}

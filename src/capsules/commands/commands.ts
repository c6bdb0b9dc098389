/** Commands in a running capsule: those that somebody waits for, those in the background, and terminals. All of them run on when whoever started them
 *  goes away, and are found again by their pid or tag, also after a restart of the yard. */

export interface CommandSpec {
  /** Looked up on the capsule's PATH; no shell. */
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Variables that say where it runs; those of `env` win. Their names are ours, never a user's. @see ProcessSpec.facts */
  readonly facts?: Readonly<Record<string, string>>;
  /** Relative to the home directory; `~` and `~/…` are its own. @throws {YardError} invalid (`cwd`), if there is none */
  readonly cwd?: string;
}

/** A process that has not ended. */
export interface RunningCommand {
  /** As it is seen inside, where the driver can tell. */
  readonly pid: number;
  /** Of what was started here. */
  readonly tag?: string;
  readonly command: string;
  readonly args: readonly string[];
}

export interface FinishedCommand {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** -1, if a signal has ended it; 127, if there is no such program, and 126, if it cannot be run: with the reason on `stderr`. */
  readonly exitCode: number;
  readonly durationMs: number;
}

export type CommandEvent =
  | { readonly type: "stdout" | "stderr"; readonly bytes: Buffer }
  | { readonly type: "exit"; readonly exitCode: number };

/** What somebody hears of a running command. All output comes before `exit`, which is the last; destroying it harms nobody. A listener that is slow
 *  holds back only itself. */
export interface Attachment extends AsyncIterable<CommandEvent>, AsyncDisposable {
  readonly command: RunningCommand;
}

export interface TerminalAttachment extends Attachment {
  /** In order. After leaving: lost. */
  write(bytes: Buffer): Promise<void>;
  resize(size: { cols: number; rows: number }): Promise<void>;
  kill(): Promise<void>;
}

export interface CommandWait {
  readonly timeoutMs: number;
  /** Told how many bytes both outputs are, before these are read: to wait until there is room for them. */
  readonly admit?: (bytes: number) => Promise<void>;
}

export interface Commands {
  /** Waits for its end. @throws {YardError} timeout, once it was killed for it; then its output is lost */
  run(spec: CommandSpec, options: CommandWait): Promise<FinishedCommand>;
  /** @param options.tag made up if absent */
  start(spec: CommandSpec, options?: { tag?: string }): Promise<RunningCommand>;
  /** Starts it and attaches from its first byte. */
  stream(spec: CommandSpec, options?: { tag?: string }): Promise<Attachment>;
  /** All that runs inside: first what was started here, then the rest, where the driver can tell. */
  list(): Promise<readonly RunningCommand[]>;
  /** What was started here with all of its process group; anything else by its pid, alone.
   *  @param selector all digits: a pid; else a tag, of which any one is taken. @throws {YardError} not_found */
  kill(selector: string, signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Hears all that is printed from now on. @throws {YardError} not_found */
  attach(selector: string): Promise<Attachment>;
  openTerminal(spec: CommandSpec, size: { cols: number; rows: number }): Promise<TerminalAttachment>;
  /** @throws {YardError} not_found */
  attachTerminal(tag: string): Promise<TerminalAttachment>;
}

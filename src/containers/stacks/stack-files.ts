/** Stacks as directories: what is on disk is the truth. */
import type { TreeEntries } from "../../platform/trees/tree-entry.ts";
import type { ComposeProject } from "../compose/project.ts";
import type { OuterVariables } from "../compose/project-source.ts";
import { sha256Of } from "./stack-writes.ts";

export interface StackSource {
  readonly name: string;
  /** Of the stack, absolute, on the control plane's machine. */
  readonly directory: string;
  /** As it is on disk; empty where compose.yaml is missing or blank. */
  readonly compose: string;
  /** Decrypted; undefined: there is none. */
  readonly env?: string;
}

/** Tells one content of a stack's two files from any other. */
export function revisionOf({ compose, env }: Pick<StackSource, "compose" | "env">): string {
  return sha256Of(JSON.stringify([compose, env || null]));
}

export interface StackFiles extends AsyncDisposable {
  /** In order of their names. */
  list(): Promise<readonly StackPlace[]>;
  /** @throws {YardError} not_found, invalid (the name) */
  read(name: string): Promise<StackSource>;
  exists(name: string): Promise<boolean>;
  /** Stores what is given as it is, all of it or nothing. @throws {YardError} conflict, invalid, too_large */
  create(stack: NewStack, by: Author): Promise<StackSource>;
  /** An empty env removes that file.
   *  @param expected the revision of what is to be replaced; absent: whatever is there
   *  @throws {YardError} not_found; conflict, where it is another one by now */
  write(name: string, content: { compose: string; env?: string }, by: Author, expected?: string): Promise<StackSource>;
  /** The one file; env and overlays stay as they are. @throws {YardError} not_found */
  writeCompose(name: string, compose: string, by: Author): Promise<void>;
  /** The directory with all in it; without one nothing happens. */
  remove(name: string): Promise<void>;
  /** Names of the overlays `compose.<name>.yaml`. */
  environments(name: string): Promise<{ readonly active: string; readonly available: readonly string[] }>;
  setActiveEnvironment(name: string, environment: string): Promise<void>;
  /** Reads, interpolates, merges and checks. `merged` is the whole as one YAML text, for history.
   *  @param environment an overlay; absent: the active one, or none
   *  @param globalEnv below the stack's own variables
   *  @param withoutOverlay compose.yaml alone, whatever is active: it is merged already
   *  @throws {YardError} precondition, for whatever is wrong with it: with the path in the file, line and column */
  load(
    name: string,
    options?: { environment?: string; globalEnv?: OuterVariables; withoutOverlay?: boolean },
  ): Promise<LoadedStack>;
  /** Directories that come and go, and files that change in them, by whomever. */
  onChange(listener: StackFileListener): Disposable;
}

export interface StackPlace {
  readonly name: string;
  /** Absolute. */
  readonly composePath: string;
  /** compose.yaml is missing, or says nothing. */
  readonly isBlank: boolean;
}

export interface NewStack {
  readonly name: string;
  readonly compose: string;
  readonly env?: string;
  /** Further files; what has the name of one of the stack's own is passed over. */
  readonly companions?: TreeEntries;
}

export interface Author {
  readonly userId: string;
  /** Holds `containers.host-access`. */
  readonly isTrusted: boolean;
}

export interface LoadedStack {
  readonly project: ComposeProject;
  /** The overlay that was merged, if one was. */
  readonly environment?: string;
  readonly merged: string;
  readonly source: StackSource;
  /** Somebody without `containers.host-access` has written some of it, through the API. Edits on the machine itself are its administrators'. */
  readonly isUntrusted: boolean;
}

/** Must not fail. What it returns is waited for by whoever has changed the file through here: until then nothing else of the stack changes. */
export type StackFileListener = (change: StackFileChange) => void | Promise<void>;

export interface StackFileChange {
  readonly type: "created" | "modified" | "removed";
  readonly name: string;
  /** Absent: the directory itself. */
  readonly file?: string;
}

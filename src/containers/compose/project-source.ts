/** What a project is read from. */
import { isYardError } from "../../platform/errors.ts";
import type { Faults } from "./faults.ts";
import type { SourceNode } from "./source-tree.ts";

export interface SourceFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
}

/** Asked for those alone that the files use. */
export type OuterVariables = Pick<ReadonlyMap<string, string>, "get">;

export interface ProjectSource {
  /** Of the stack. */
  readonly name: string;
  /** Absolute. */
  readonly directory: string;
  /** The base, and the overlay where there is one. */
  readonly files: readonly SourceFile[];
  /** The stack's own variables. */
  readonly env?: SourceFile;
  /** Below them. */
  readonly globalEnv: OuterVariables;
  /** A further file of the directory, by its absolute path. Undefined: there is none.
   *  @throws {YardError} precondition, when it is no file of this directory that may be read */
  read(path: string): Promise<string | undefined>;
}

/** What the steps of loading share. */
export interface LoadContext {
  readonly source: ProjectSource;
  readonly faults: Faults;
  parse(file: SourceFile): SourceNode | undefined;
}

/** A file that the node names. Undefined, with a fault unless it is optional: it is not there. */
export async function readNamed(
  node: SourceNode,
  path: string,
  { source, faults, optional = false }: Pick<LoadContext, "source" | "faults"> & { readonly optional?: boolean },
): Promise<SourceFile | undefined> {
  try {
    // The stack's variables may lie encrypted on the disk.
    const text = path === source.env?.path ? source.env.text : await source.read(path);
    if (text !== undefined) return { path, text };
    if (!optional) faults.add(node.place, "names a file that is not there");
  } catch (error) {
    if (!isYardError(error, "precondition")) throw error;
    faults.add(node.place, error.message);
  }
  return undefined;
}

/** A YAML file as the loader sees it: plain values, each with the place where somebody wrote it, so that whatever is found wrong with it later can be
 *  shown to them. Aliases and merge keys are spelled out already. */

export interface Place {
  /** Path of the file. */
  readonly file: string;
  /** In the file's own structure: `services.web.ports[0]`. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

/** `!reset` takes away what the file below says, `!override` stands in its place instead of being merged with it. */
export type MergeTag = "reset" | "override";

interface Base {
  readonly place: Place;
  readonly tag?: MergeTag;
}

export interface MapNode extends Base {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, SourceNode>;
}

export interface ListNode extends Base {
  readonly kind: "list";
  readonly items: readonly SourceNode[];
}

export type ScalarValue = string | number | boolean | null;

export interface ScalarNode extends Base {
  readonly kind: "scalar";
  readonly value: ScalarValue;
  /** Before its variables were put in; absent where there are none. */
  readonly raw?: string;
}

export type SourceNode = MapNode | ListNode | ScalarNode;

export function isNothing(node: SourceNode | undefined): node is undefined | (ScalarNode & { value: null }) {
  return node === undefined || (node.kind === "scalar" && node.value === null);
}

/** As plain data, with the variables still in it: what can be written to a file again. */
export function plainOf(node: SourceNode): unknown {
  switch (node.kind) {
    case "map":
      return Object.fromEntries([...node.entries].map(([key, value]) => [key, plainOf(value)]));
    case "list":
      return node.items.map(plainOf);
    case "scalar":
      return node.raw ?? node.value;
  }
}

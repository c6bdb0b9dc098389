/** The tree that versions are made of: 10,000 text files of about 1 KiB in 100 directories. */
export type TreeFiles = ReadonlyMap<string, string>;

const files = 10_000;
const filesPerDirectory = 100;
const linesPerFile = 20;
const changedPerSide = 100;
/** Of those that both sides change: the first and the last line, so that they merge. */
const changedByBoth = 20;

export function fileOf(index: number): string {
  return `directory-${Math.floor(index / filesPerDirectory)}/file-${index % filesPerDirectory}.txt`;
}

function linesOf(index: number): string[] {
  return Array.from({ length: linesPerFile }, (_, line) => `file ${index}, line ${line}: ${Math.sin(index + line)}`);
}

const textOf = (lines: readonly string[]) => `${lines.join("\n")}\n`;

export function largeTree(): TreeFiles {
  return new Map(Array.from({ length: files }, (_, index) => [fileOf(index), textOf(linesOf(index))]));
}

/** What two sides change, all over the tree. */
export function changesOf(version: number): { readonly ours: TreeFiles; readonly theirs: TreeFiles } {
  const changed = (first: number, line: number, side: string): TreeFiles =>
    new Map(
      Array.from({ length: changedPerSide }, (_, i) => {
        const index = ((first + i) * 53) % files;
        return [fileOf(index), textOf(linesOf(index).with(line, `${side} in version ${version}`))];
      }),
    );
  return { ours: changed(0, 0, "ours"), theirs: changed(changedPerSide - changedByBoth, linesPerFile - 1, "theirs") };
}

/** The files in a tar archive, read in the page. */
import { extract } from "tar-stream";

export interface ArchivedFile {
  readonly path: string;
  readonly content: Uint8Array;
}

/** Directories and links are left out. @param isZipped with gzip. @throws for what is no whole archive, or more than `mostBytes` of content */
export async function untar(archive: Blob, options: { isZipped: boolean; mostBytes: number }): Promise<ArchivedFile[]> {
  const bytes = options.isZipped ? archive.stream().pipeThrough(new DecompressionStream("gzip")) : archive.stream();
  const reader = bytes.getReader();
  const tar = extract();
  const feed = async (): Promise<void> => {
    let size = 0;
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      size += next.value.length;
      if (size > options.mostBytes) throw new Error("The archive is too large to be shown here. Download it.");
      tar.write(next.value);
    }
    tar.end(undefined);
  };
  feed().catch((error: Error) => tar.destroy(error));
  try {
    const files: ArchivedFile[] = [];
    for await (const entry of tar) {
      const pieces: Uint8Array[] = [];
      for await (const piece of entry as AsyncIterable<Uint8Array>) pieces.push(piece);
      if (entry.header.type === "file") files.push({ path: entry.header.name, content: joined(pieces) });
    }
    return files;
  } finally {
    void reader.cancel();
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

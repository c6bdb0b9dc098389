/** What executions print, as rows: pieces with their place in the whole, so that a page costs what it shows, however much was printed. */
import type { Kysely, Transaction } from "kysely";
import type { ExecutionOutputRow, Schema } from "../platform/db/schema.ts";
import type { OutputSource, OutputTotals } from "./output-pages.ts";

export type OutputPiece = Omit<ExecutionOutputRow, "execution_id">;

const lineFeed = 0x0a;
/** Of a piece: what is read for a page of a few bytes. */
const mostPieceBytes = 64 * 1024;

/** The pieces of `bytes`, which come behind what `before` counts. */
export function cutPieces(bytes: Buffer, before: OutputTotals): { pieces: OutputPiece[]; totals: OutputTotals } {
  const pieces: OutputPiece[] = [];
  let totals = before;
  for (let at = 0; at < bytes.length; at += mostPieceBytes) {
    const part = bytes.subarray(at, at + mostPieceBytes);
    const lines = countLineFeeds(part);
    const isOpen = part.at(-1) !== lineFeed;
    pieces.push({
      position: totals.bytes,
      size: part.length,
      lines_before: totals.lines,
      lines,
      is_open: isOpen ? 1 : 0,
      bytes: part,
    });
    totals = { bytes: totals.bytes + part.length, lines: totals.lines + lines, isOpen };
  }
  return { pieces, totals };
}

export async function insertOutput(
  trx: Transaction<Schema>,
  pieces: readonly (OutputPiece & { readonly execution_id: string })[],
): Promise<void> {
  if (pieces.length > 0)
    await trx
      .insertInto("execution_output")
      .values([...pieces])
      .execute();
}

export function outputOf(db: Kysely<Schema>, executionId: string): OutputSource {
  const pieces = db.selectFrom("execution_output").where("execution_id", "=", executionId);

  async function read(start: number, end: number): Promise<Buffer> {
    if (start >= end) return Buffer.alloc(0);
    const found = await pieces
      .select(["position", "bytes"])
      .where("position", "<", end)
      .where("position", ">", start - mostPieceBytes)
      .orderBy("position")
      .execute();
    const [first] = found;
    const all = Buffer.concat(found.map(({ bytes }) => bytes));
    return all.subarray(start - (first?.position ?? 0), end - (first?.position ?? 0));
  }

  return {
    read,
    async totals() {
      const last = await pieces
        .select(["position", "size", "lines_before", "lines", "is_open"])
        .orderBy("position", "desc")
        .limit(1)
        .executeTakeFirst();
      if (last === undefined) return { bytes: 0, lines: 0, isOpen: false };
      return {
        bytes: last.position + last.size,
        lines: last.lines_before + last.lines,
        isOpen: last.is_open === 1,
      };
    },
    async lineStart(line) {
      const piece = await pieces
        .select(["position", "lines_before", "bytes"])
        .where("lines_before", "<", line)
        .orderBy("position", "desc")
        .limit(1)
        .executeTakeFirstOrThrow();
      return piece.position + behindLineFeed(piece.bytes, line - piece.lines_before);
    },
    async linesBefore(position) {
      const piece = await pieces
        .select(["position", "lines_before", "bytes"])
        .where("position", "<", position)
        .orderBy("position", "desc")
        .limit(1)
        .executeTakeFirst();
      if (piece === undefined) return 0;
      return piece.lines_before + countLineFeeds(piece.bytes.subarray(0, position - piece.position));
    },
  };
}

function countLineFeeds(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(lineFeed); at !== -1; at = bytes.indexOf(lineFeed, at + 1)) count++;
  return count;
}

/** The place behind the `nth` line feed, counted from 1. */
function behindLineFeed(bytes: Uint8Array, nth: number): number {
  let at = -1;
  for (let found = 0; found < nth; found++) at = bytes.indexOf(lineFeed, at + 1);
  return at + 1;
}

/** Pages of what an execution has printed: by lines or by bytes, of an output that may still grow.
 *
 *  Lines and bytes are counted from 0, and an end is the first that is not in the page: reading on at `next…` gives everything once. Only `\n`
 *  separates lines; one that is not ended yet, at the very end, is a line, too, but is not counted in `totalLines`. */

export interface OutputTotals {
  readonly bytes: number;
  /** Line feeds. */
  readonly lines: number;
  /** The last line is not ended. */
  readonly isOpen: boolean;
}

/** Where pages are cut from. Positions are bytes. */
export interface OutputSource {
  totals(): Promise<OutputTotals>;
  /** From `start` up to, and without, `end`; both are within the total. */
  read(start: number, end: number): Promise<Buffer>;
  /** Behind the `line`-th line feed, for a line from 1 to the total. */
  lineStart(line: number): Promise<number>;
  /** How many line feeds are in front of a position. */
  linesBefore(position: number): Promise<number>;
}

export type PageRequest =
  | { readonly unit: "lines"; readonly offset: number; readonly limit: number }
  | { readonly unit: "bytes"; readonly offset: number; readonly limit: number };

export interface OutputPage {
  /** Bytes that are no UTF-8 are shown as U+FFFD. A page of lines ends without its last line feed. */
  readonly text: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly totalLines: number;
  readonly startByte: number;
  readonly endByte: number;
  readonly totalBytes: number;
  /** Of what there is now, and in the unit that was asked for. */
  readonly hasMore: boolean;
}

export function readOutputPage(source: OutputSource, request: PageRequest): Promise<OutputPage> {
  return request.unit === "lines" ? readLines(source, request) : readBytes(source, request);
}

type Window = Omit<PageRequest, "unit">;

async function readLines(source: OutputSource, { offset, limit }: Window): Promise<OutputPage> {
  const totals = await source.totals();
  const lines = totals.lines + (totals.isOpen ? 1 : 0);
  const startLine = Math.min(offset, lines);
  const endLine = Math.min(startLine + limit, lines);
  const startByte = await positionOf(source, startLine, totals);
  const endByte = await positionOf(source, endLine, totals);
  const text = (await source.read(startByte, endByte)).toString();
  return {
    text: text.endsWith("\n") ? text.slice(0, -1) : text,
    ...{ startLine, endLine, startByte, endByte },
    ...{ totalLines: totals.lines, totalBytes: totals.bytes },
    hasMore: endLine < lines,
  };
}

async function positionOf(source: OutputSource, line: number, totals: OutputTotals): Promise<number> {
  if (line === 0) return 0;
  return line > totals.lines ? totals.bytes : await source.lineStart(line);
}

async function readBytes(source: OutputSource, { offset, limit }: Window): Promise<OutputPage> {
  const totals = await source.totals();
  const startByte = Math.min(offset, totals.bytes);
  const wanted = await source.read(startByte, Math.min(startByte + limit, totals.bytes));
  const isAtEnd = startByte + wanted.length === totals.bytes;
  const bytes = isAtEnd ? wanted : withoutCutCharacter(wanted);
  const endByte = startByte + bytes.length;
  return {
    text: bytes.toString(),
    startLine: await source.linesBefore(startByte),
    endLine: await source.linesBefore(endByte),
    ...{ startByte, endByte },
    ...{ totalLines: totals.lines, totalBytes: totals.bytes },
    hasMore: endByte < totals.bytes,
  };
}

const longestCharacterBytes = 4;

/** Leaves a character that the limit cuts in two to the next page, unless nothing would be left: a page of no bytes would be asked for
 *  for ever. */
function withoutCutCharacter(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(longestCharacterBytes - 1, bytes.length - 1); back++) {
    const byte = bytes[bytes.length - back]!;
    const isContinuation = byte >> 6 === 0b10;
    if (isContinuation) continue;
    return back < characterBytes(byte) ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}

/** By its first byte. */
function characterBytes(first: number): number {
  if (first >> 5 === 0b110) return 2;
  if (first >> 4 === 0b1110) return 3;
  return first >> 3 === 0b11110 ? 4 : 1;
}

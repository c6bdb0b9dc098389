/** Whole lines of what arrives in pieces, in UTF-8 whatever was printed. */
import { isUtf8 } from "node:buffer";

export interface LineCutter {
  /** @returns the lines that are whole by now, each with its line feed; empty if none is */
  take(text: Buffer): Buffer;
  /** @returns the line that was begun, if one was */
  end(): Buffer;
}

/** A line that is longer is given out in parts of about this size. */
const mostLineBytes = 64 * 1024;
/** Of the time at the beginning of a line, RFC 3339 with nanoseconds and a space. */
const mostStampBytes = 40;
const lineFeed = Buffer.from("\n");
const nothing = Buffer.alloc(0);

/** @param isTerminal terminals end a line with a carriage return and a line feed: the former goes, too
 *  @remarks Each line is expected to begin with its time and a space; the later parts of a long one begin with the same. */
export function createLineCutter({ isTerminal = false }: { isTerminal?: boolean } = {}): LineCutter {
  let begun: Buffer = nothing;

  function clean(lines: Buffer): Buffer {
    const valid = isUtf8(lines) ? lines : Buffer.from(lines.toString("utf8"));
    if (!isTerminal || !valid.includes("\r\n")) return valid;
    return Buffer.from(valid.toString("latin1").replaceAll("\r\n", "\n"), "latin1");
  }

  return {
    take(text) {
      const all = begun.length === 0 ? text : Buffer.concat([begun, text]);
      const whole = all.lastIndexOf(lineFeed) + 1;
      begun = all.subarray(whole);
      if (begun.length < mostLineBytes) return clean(all.subarray(0, whole));
      const end = characterStart(begun);
      const part = begun.subarray(0, end);
      begun = Buffer.concat([stampOf(part), begun.subarray(end)]);
      return clean(Buffer.concat([all.subarray(0, whole), part, lineFeed]));
    },
    end() {
      if (begun.length === 0) return nothing;
      const last = Buffer.concat([begun, lineFeed]);
      begun = nothing;
      return clean(last);
    },
  };
}

/** Where the last character of it begins, if that is not known to be whole. */
function characterStart(text: Buffer): number {
  let start = text.length - 1;
  while (start > text.length - 4 && (text[start]! & 0xc0) === 0x80) start--;
  return text[start]! < 0x80 ? text.length : start;
}

function stampOf(line: Buffer): Buffer {
  const space = line.indexOf(" ");
  return space >= 0 && space < mostStampBytes ? Buffer.from(line.subarray(0, space + 1)) : nothing;
}

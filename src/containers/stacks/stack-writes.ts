/** Which contents of stacks' files were written through an API by somebody who may not reach the hosts themselves. Known by their hash: what the machine's own
 *  administrators put in their place is theirs again. */
import { createHash } from "node:crypto";
import type { Database } from "../../platform/db/database.ts";

export interface StackWrites {
  /** To be called before the content is in its place, so that no crash can make it look like an administrator's. */
  note(stack: string, files: readonly WrittenFile[]): Promise<void>;
  /** Forgets the file's other contents. @param kept absent: all of them */
  keepOnly(stack: string, file: string, kept?: string): Promise<void>;
  forget(stack: string): Promise<void>;
  of(stack: string): Promise<readonly WrittenFile[]>;
}

export interface WrittenFile {
  /** From the stack's directory. */
  readonly file: string;
  readonly sha256: string;
}

/** Rows of one statement: a companion archive may hold thousands of files. */
const rowsAtOnce = 500;

export function createStackWrites({ kysely }: Pick<Database, "kysely">): StackWrites {
  return {
    async note(stack, files) {
      for (let at = 0; at < files.length; at += rowsAtOnce) {
        const rows = files.slice(at, at + rowsAtOnce).map(({ file, sha256 }) => ({ stack, file, sha256 }));
        await kysely
          .insertInto("stack_writes")
          .values(rows)
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }
    },
    async keepOnly(stack, file, kept = "") {
      await kysely
        .deleteFrom("stack_writes")
        .where("stack", "=", stack)
        .where("file", "=", file)
        .where("sha256", "!=", kept)
        .execute();
    },
    async forget(stack) {
      await kysely.deleteFrom("stack_writes").where("stack", "=", stack).execute();
    },
    of: (stack) => kysely.selectFrom("stack_writes").select(["file", "sha256"]).where("stack", "=", stack).execute(),
  };
}

export function sha256Of(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

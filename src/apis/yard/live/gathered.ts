/** A source that hears of single rows, and finds out for many at once who sees them. */
import type { ChangedRow } from "../../../platform/bus/row-changes.ts";
import { mergeChanges } from "../../../platform/bus/row-changes.ts";
import { createGathering, type Gathering } from "../../../platform/gathering.ts";
import type { AddressedChange, Source } from "./topics.ts";

export interface GatheredParts {
  /** @param heard where each row goes that has changed, by its id */
  listen(heard: Gathering<ChangedRow>): Disposable;
  /** Once for all rows of a moment. */
  address(rows: readonly ChangedRow[]): Promise<readonly AddressedChange[]>;
  /** Told what goes wrong with it: then nobody knows what has changed. */
  failed(error: unknown): void;
}

const intervalMs = 100;
const mostRows = 200;

export function gathered({ listen, address, failed }: GatheredParts): Source {
  return (tell) => {
    using opened = new DisposableStack();
    const heard = opened.use(
      createGathering<ChangedRow>({
        ...{ intervalMs, most: mostRows, merge: mergeChanges },
        async flush(rows) {
          if (rows === "lost") return tell("lost");
          try {
            tell(await address([...rows.values()]));
          } catch (error) {
            failed(error);
            tell("lost");
          }
        },
      }),
    );
    opened.use(listen(heard));
    return opened.move();
  };
}

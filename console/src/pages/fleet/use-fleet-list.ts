/** One kind of thing of all hosts: read, searched, and with the dialog that is open over it. */
import { useState } from "react";
import { useRead } from "../../api/use-read.ts";
import { type AwayHost, type FleetReply, fleetRows } from "./fleet-rows.ts";

export interface FleetList<Row> {
  /** Undefined until something was read. */
  readonly rows: readonly Row[] | undefined;
  /** Whose rows are missing. */
  readonly away: readonly AwayHost[];
  readonly error: unknown;
  reload(): void;
  readonly words: string;
  search(words: string): void;
  readonly open: "make" | "prune" | undefined;
  show(dialog: "make" | "prune"): void;
  /** Closes the dialog, and reads what has come of it. */
  close(): void;
}

/** @param read a call with `host=all` */
export function useFleetList<Row>(
  what: string,
  read: (signal: AbortSignal) => Promise<FleetReply<Row>>,
): FleetList<Row> {
  const { data, error, reload } = useRead(what, async (signal) => fleetRows(await read(signal)), {
    topics: ["containers"],
    everyMs: 30_000,
  });
  const [words, search] = useState("");
  const [open, setOpen] = useState<"make" | "prune">();
  return {
    ...{ rows: data?.rows, away: data?.away ?? [], error, reload, words, search, open, show: setOpen },
    close() {
      setOpen(undefined);
      reload();
    },
  };
}

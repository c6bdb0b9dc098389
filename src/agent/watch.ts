/** The stream of all units: each one as it is, `synced`, then every change, one JSON object per line. */
import { Readable } from "node:stream";
import type { UnitEvent } from "./protocol.ts";
import type { Units } from "./units.ts";

const aliveMs = 5_000;
/** Changes are gathered for so long: a run of a few milliseconds is one line instead of five, and its caller does not wait for them. */
const gatherMs = 5;

/** A client that reads slowly gets the latest state of a unit in place of all its changes: what waits for it is at most one entry per unit. */
export function streamUnits(units: Units): Readable {
  const pending = new Map<string, UnitEvent>(); // by unit, in the order of their first change
  for (const unit of units.list()) pending.set(unit.id, { type: "unit", unit });
  pending.set("", { type: "synced" });

  let isWanted = false;
  let gathering: NodeJS.Timeout | undefined;
  function flush(): void {
    gathering = undefined;
    while (isWanted && pending.size > 0) {
      const lines = [...pending.values()].map((event) => `${JSON.stringify(event)}\n`);
      pending.clear();
      isWanted = stream.push(lines.join(""));
    }
  }
  function add(key: string, event: UnitEvent): void {
    pending.set(key, event);
    gathering ??= setTimeout(flush, gatherMs);
  }

  const watch = units.watch((event) => {
    if (event.type === "unit") add(event.unit.id, event);
    else if (event.type === "removed") add(event.id, event);
  });
  const alive = setInterval(() => add("alive ", { type: "alive" }), aliveMs).unref();
  const stream = new Readable({
    read() {
      isWanted = true;
      flush();
    },
    destroy(error, done) {
      watch[Symbol.dispose]();
      clearInterval(alive);
      clearTimeout(gathering);
      done(error);
    },
  });
  return stream;
}

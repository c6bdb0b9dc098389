/** `app.exited` events. The first end of an app is told at once; those that follow within a minute are counted and told together, so that a
 *  crash loop writes one row a minute, not one a second for ever. */

import type { RunStatus } from "../agent/protocol.ts";
import { after } from "../platform/timers.ts";
import type { MirroredUnit } from "./mirror.ts";

const windowMs = 60_000;

export interface ExitEvent {
  readonly appId: string;
  readonly name: string;
  readonly run: RunStatus;
  /** How many ends this event stands for; `run` is the last of them. */
  readonly exits: number;
}

interface Window {
  timer: Disposable;
  waiting: ExitEvent | undefined;
}

export interface ExitEvents extends Disposable {
  observe(change: { before: MirroredUnit | undefined; after: MirroredUnit | undefined }): void;
}

export function createExitEvents(tell: (event: ExitEvent) => void): ExitEvents {
  const windows = new Map<string, Window>();

  function openWindow(appId: string): void {
    windows.set(appId, { timer: after(windowMs, () => closeWindow(appId)), waiting: undefined });
  }

  function closeWindow(appId: string): void {
    const { waiting } = windows.get(appId) ?? {};
    windows.delete(appId);
    if (!waiting) return;
    tell(waiting);
    openWindow(appId); // it may go on: the next end waits for the next minute
  }

  function report(event: ExitEvent): void {
    const window = windows.get(event.appId);
    if (!window) {
      tell(event);
      openWindow(event.appId);
    } else {
      window.waiting = { ...event, exits: event.exits + (window.waiting?.exits ?? 0) };
    }
  }

  return {
    observe({ before, after: now }) {
      // Without a "before" nobody knows whether the end was told already, by the yard that ran earlier.
      if (!before || now?.meta.kind !== "defined") return;
      const toldIds = new Set(before.unit.runs.filter((run) => run.exit).map((run) => run.id));
      const ended = now.unit.runs.filter((run) => run.exit && !toldIds.has(run.id));
      const last = ended[0];
      if (last) report({ appId: now.meta.appId, name: now.meta.name, run: last, exits: ended.length });
    },
    [Symbol.dispose]() {
      for (const { timer } of windows.values()) timer[Symbol.dispose]();
      windows.clear();
    },
  };
}

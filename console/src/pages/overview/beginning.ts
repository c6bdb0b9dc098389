/** Which first things a newcomer has made by this browser already. It begins with the sight of an empty yard, and ends when all are made or nobody
 *  wants to see them any more. */
import { createObservable } from "../../api/observable.ts";

const key = "runyard.beginning";

/** The kinds that were made; undefined: nobody begins here. */
export const beginning = createObservable<readonly string[] | undefined>(read());

function read(): readonly string[] | undefined {
  const kept = localStorage.getItem(key);
  return kept === null ? undefined : kept.split(" ").filter(Boolean);
}

export function begin(): void {
  if (beginning.get() === undefined) keep([]);
}

export function noteMade(kind: string): void {
  keep([...(beginning.get() ?? []), kind]);
}

export function endBeginning(): void {
  localStorage.removeItem(key);
  beginning.set(undefined);
}

function keep(made: readonly string[]): void {
  localStorage.setItem(key, made.join(" "));
  beginning.set(made);
}

/** One renewal of the login at a time, so that those who come next find it renewed: among all tabs where browsers have locks, which is in secure contexts
 *  only. Yards in a local network are often served by plain HTTP; there it is among the calls of one tab, as the yard answers tabs that race alike. */

const name = "runyard.renewal";
let last: Promise<unknown> = Promise.resolve();

export function alone<T>(work: () => Promise<T>): Promise<T> {
  if ("locks" in navigator) return navigator.locks.request(name, work) as Promise<T>;
  const turn = last.then(work);
  last = turn.catch(() => undefined); // told to whoever asked for it
  return turn;
}

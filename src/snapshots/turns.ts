/** Work that is to be done one after the other, in the order in which it was asked for. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

export function createTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(() => {}); // whoever asked hears of the failure; the next goes on
    return turn;
  };
}

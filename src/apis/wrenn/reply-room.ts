/** How many bytes of replies may be held in memory at a time, all together: who comes when there is no room waits, in order. */
export interface ReplyRoom {
  /** Resolves when there is room. Disposing gives it back. */
  take(bytes: number): Promise<Disposable>;
}

/** Of small ones there are never enough to matter: they wait for nobody. */
const smallBytes = 64 * 1024;

/** @param most one that is larger by itself has to be alone */
export function createReplyRoom(most: number): ReplyRoom {
  const waiting: { readonly bytes: number; readonly enter: () => void }[] = [];
  let held = 0;

  function letIn(): void {
    for (let [next] = waiting; next && (held === 0 || held + next.bytes <= most); [next] = waiting) {
      waiting.shift();
      held += next.bytes;
      next.enter();
    }
  }

  return {
    async take(bytes) {
      if (bytes <= smallBytes) return { [Symbol.dispose]() {} };
      const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
      waiting.push({ bytes, enter });
      letIn();
      await entered;
      let isHeld = true;
      return {
        [Symbol.dispose]() {
          if (!isHeld) return;
          isHeld = false;
          held -= bytes;
          letIn();
        },
      };
    },
  };
}

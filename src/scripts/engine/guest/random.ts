/** `Math.random` from the host's random numbers. The engine's own generator is part of its memory: two executions that resume from one
 *  image would draw the same numbers. */
export function installRandom(): () => void {
  const pool = new Uint32Array(256);
  const fill = crypto.getRandomValues.bind(crypto);
  let left = 0;
  Object.defineProperty(Math, "random", {
    value: function random() {
      if (left < 2) {
        fill(pool);
        left = pool.length;
      }
      const high = pool[--left]! >>> 5;
      const low = pool[--left]! >>> 6;
      return (high * 2 ** 26 + low) / 2 ** 53;
    },
    writable: true,
    configurable: true,
  });
  return () => {
    left = 0;
  };
}

/** What the figures of the console measure inside of its page, by the page's own clock. It is there before the page's own scripts. */
const nextFrame = () => new Promise(requestAnimationFrame);

globalThis.bench = {
  /** Marks when something is drawn first. */
  watchFor(selector) {
    const observer = new MutationObserver(() => {
      if (!document.querySelector(selector)) return;
      observer.disconnect();
      requestAnimationFrame(() => performance.mark("bench.shown"));
    });
    observer.observe(document, { childList: true, subtree: true });
  },

  /** When that was drawn and the last long piece of work had ended, in milliseconds since the navigation. */
  async interactiveMs() {
    const { promise, resolve } = Promise.withResolvers();
    new PerformanceObserver((list) => resolve(list.getEntries())).observe({ type: "longtask", buffered: true });
    setTimeout(() => resolve([]), 50); // it is told nothing where there were none
    const ends = (await promise).map(({ startTime, duration }) => startTime + duration);
    const [shown] = performance.getEntriesByName("bench.shown");
    return Math.max(shown.startTime, ...ends);
  },

  /** Scrolls down from the top, so many of its own heights in each frame. @returns frames per second */
  async scroll(selector, heights, frames) {
    const box = document.querySelector(selector);
    box.scrollTo(0, 0);
    const began = await nextFrame();
    let at = began;
    for (let frame = 0; frame < frames; frame++) {
      box.scrollBy(0, heights * box.clientHeight);
      at = await nextFrame();
    }
    return (frames * 1_000) / (at - began);
  },

  /** Scrolls to the end of a list that comes in pages. @returns how many rows it says that there are, with its head */
  scrollToEnd(selector) {
    const box = document.querySelector(selector);
    box.scrollTo(0, box.scrollHeight);
    return Number(box.getAttribute("aria-rowcount"));
  },

  /** From now on `bench.echo` is a promise of how long the last key took until its screen was drawn anew, in milliseconds. */
  watchEchoes(selector) {
    const screen = document.querySelector(selector);
    const onKey = ({ timeStamp }) => {
      const { promise, resolve } = Promise.withResolvers();
      globalThis.bench.echo = promise;
      const observer = new MutationObserver(() => {
        observer.disconnect();
        resolve(performance.now() - timeStamp); // the terminal draws in a frame's callback: this frame shows it
      });
      observer.observe(screen, { childList: true, subtree: true, characterData: true });
    };
    document.addEventListener("keydown", onKey, { capture: true });
  },
};

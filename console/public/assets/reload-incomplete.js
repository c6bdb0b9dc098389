/** Without its script the page stays blank, and without its style it looks broken. Browsers lose either when the network of their machine changes, as it
 *  does with each capsule that starts there: what waits for a connection at that moment is given up. Then the page is loaded anew.
 *
 *  A file of its own, before all others, as it must be there when they fail, and the security policy forbids it in the page itself. */
const reloadAfterMs = 1_000;

window.addEventListener(
  "error",
  ({ target }) => {
    if (target instanceof HTMLScriptElement || (target instanceof HTMLLinkElement && target.rel === "stylesheet"))
      setTimeout(() => location.reload(), reloadAfterMs);
  },
  true, // failures to load are told to the element alone
);

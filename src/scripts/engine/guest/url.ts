/** `URL.prototype.searchParams`, which the engine's URL lacks: a view of the address's query, written back when it is changed. */
export function installSearchParams(): void {
  const views = new WeakMap<URL, URLSearchParams>();
  const { defineProperty } = Object;
  const changing = ["append", "delete", "set", "sort"] as const;
  const { append, delete: remove } = URLSearchParams.prototype;

  function viewOf(url: URL): URLSearchParams {
    const view = new URLSearchParams(url.search);
    for (const name of changing) {
      const method: (...args: never[]) => void = view[name];
      defineProperty(view, name, {
        value: (...args: never[]) => {
          method.apply(view, args);
          url.search = view.toString();
        },
      });
    }
    return view;
  }

  /** The address may have been given another query meanwhile. */
  function refresh(view: URLSearchParams, search: string): void {
    const current = new URLSearchParams(search);
    if (current.toString() === view.toString()) return;
    for (const name of Array.from(view.keys())) remove.call(view, name);
    for (const [name, value] of Array.from(current)) append.call(view, name, value);
  }

  defineProperty(URL.prototype, "searchParams", {
    get(this: URL) {
      const known = views.get(this);
      if (known) refresh(known, this.search);
      else views.set(this, viewOf(this));
      return views.get(this);
    },
    enumerable: true,
    configurable: true,
  });
}

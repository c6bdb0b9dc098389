/** As much of a browser as signing in somewhere needs: it keeps cookies by host and path, follows redirects, and sends forms. */

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  /** As it was sent. */
  readonly text: string;
}

export interface Page {
  readonly status: number;
  /** With its fragment. */
  readonly url: URL;
  readonly text: string;
  /** All that were passed on the way here, in order; this one is the last. */
  readonly way: readonly string[];
}

export interface Browser {
  /** @param options.until is not asked for any more, if the way leads there */
  open(url: string | URL, options?: { form?: Readonly<Record<string, string>>; until?: RegExp }): Promise<Page>;
  /** Those that a page at this address would be sent. */
  cookies(url: string | URL): readonly Cookie[];
  /** Keeps it in place of the one of that name and path. */
  keep(url: string | URL, text: string): void;
}

const mostRedirects = 20;

export function createBrowser(): Browser {
  const jars = new Map<string, Cookie[]>();

  function keep(url: string | URL, text: string): void {
    const { origin, pathname } = new URL(url);
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(text) ?? [];
    const path = /;\s*path=([^;]*)/i.exec(text)?.[1] ?? pathname.replace(/\/[^/]*$/, "");
    const others = (jars.get(origin) ?? []).filter((cookie) => cookie.name !== name || cookie.path !== path);
    const isOver = value === "" || /;\s*max-age=0/i.test(text) || /expires=Thu, 01 Jan 1970/i.test(text);
    jars.set(origin, isOver ? others : [...others, { name, value, path, text }]);
  }

  function cookies(url: string | URL): readonly Cookie[] {
    const { origin, pathname } = new URL(url);
    const isBelow = (path: string) => pathname === path || pathname.startsWith(path.endsWith("/") ? path : `${path}/`);
    return (jars.get(origin) ?? []).filter(({ path }) => isBelow(path));
  }

  async function ask(url: URL, form?: Readonly<Record<string, string>>): Promise<Response> {
    const cookie = cookies(url)
      .map(({ name, value }) => `${name}=${value}`)
      .join("; ");
    const response = await fetch(url, {
      ...{ redirect: "manual" as const, signal: AbortSignal.timeout(30_000) },
      ...(form && { method: "POST", body: new URLSearchParams(form) }),
      headers: cookie === "" ? {} : { cookie },
    });
    for (const text of response.headers.getSetCookie()) keep(url, text);
    return response;
  }

  return {
    cookies,
    keep,
    async open(start, { form, until } = {}) {
      const way: string[] = [];
      let url = new URL(start);
      for (let sent = form; way.length < mostRedirects; sent = undefined) {
        way.push(url.href);
        if (until?.test(url.href) && way.length > 1) return { status: 0, url, text: "", way };
        const response = await ask(url, sent);
        const location = response.headers.get("location");
        const text = await response.text();
        if (location === null) return { status: response.status, url, text, way };
        url = new URL(location, url);
      }
      throw new Error(`the way goes on and on: ${way.join(" → ")}`);
    },
  };
}

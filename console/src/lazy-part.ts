/** Parts of the console's code that are loaded when they are needed first: pages, and what is heavy in them. */
import { type ComponentType, type LazyExoticComponent, lazy } from "react";

const pollMs = 2_000;

export function lazyPart<Props>(
  load: () => Promise<{ default: ComponentType<Props> }>,
): LazyExoticComponent<ComponentType<Props>> {
  return lazy(() => load().catch(() => loadAgain(load)));
}

/** One more try, once the yard answers: the line may have broken for a moment. A yard that was upgraded since this page was loaded has no such part any more,
 *  and a console of its own, which takes this one's place. For a page that is being left none of this happens: it ends while it waits. */
async function loadAgain<T>(load: () => Promise<T>): Promise<T> {
  const page = await readPage();
  if (page.includes(ownScript())) return load();
  location.reload();
  return new Promise(() => {}); // nothing of the old one is shown any more
}

/** The page as the yard serves it now. */
async function readPage(): Promise<string> {
  for (;;) {
    const response = await fetch(import.meta.env.BASE_URL).catch(() => undefined);
    if (response?.ok) return response.text();
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** The path of the script that this page began with; its name tells the version. */
function ownScript(): string {
  const script = document.querySelector<HTMLScriptElement>("script[type=module][src]");
  return new URL(script?.src ?? "", location.href).pathname;
}

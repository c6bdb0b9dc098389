/** Applications as JSON text. Of a thousand applications hardly any differs from the last time that somebody looked, so that each
 *  one's text is kept and used again while nothing of what is in it has changed. Measured with a thousand of them: making and serialising all
 *  views takes five times as long as joining the texts; of a single read it is a seventh. */
import type { App, AppDefinition } from "../../apps/app.ts";
import type { Surroundings } from "./translate.ts";
import { appToWire, type Observed } from "./views.ts";

interface Written {
  readonly app: App;
  readonly observed: Observed;
  readonly text: string;
}

/** @returns a function that writes one application. What is observed with a process tree and without is for functions of their own: in one, each
 *  would push the other's text out. */
export function createAppTexts(surroundings: () => Surroundings): (app: App, observed: Observed) => string {
  /** By the definition, which is another object after each change of the app, and gone when the yard forgets it. */
  const written = new WeakMap<AppDefinition, Written>();

  return (app, observed) => {
    const known = written.get(app.definition);
    if (known && isSame(known, app, observed)) return known.text;
    const text = JSON.stringify(appToWire(app, observed, surroundings()));
    written.set(app.definition, { app, observed, text });
    return text;
  };
}

/** All that a view is made of; the runtime and the usage are other objects when anything in them has changed. */
function isSame(known: Written, app: App, { usage, messages }: Observed): boolean {
  return (
    (known.app === app || isSameApp(known.app, app)) &&
    known.observed.usage === usage &&
    known.observed.messages.count === messages.count &&
    known.observed.messages.status === messages.status
  );
}

function isSameApp(known: App, app: App): boolean {
  return (
    known.runtime === app.runtime &&
    known.enabled === app.enabled &&
    known.name === app.name &&
    known.ownerName === app.ownerName &&
    known.createdAt === app.createdAt
  );
}

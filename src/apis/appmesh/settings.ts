/** App Mesh's configuration: what of it can be changed while the yard runs, and what it truly is where it cannot. What was set is one stored
 *  JSON of paths and values. */
import type { Labels } from "../../apps/labels.ts";
import type { Bus } from "../../platform/bus/bus.ts";
import type { Topics } from "../../platform/bus/topics.ts";
import type { Clock } from "../../platform/clock.ts";
import type { StoredSettings } from "../../platform/db/stored-settings.ts";
import { type LogLevelControl, setLogLevel, shownLevel } from "./settings-log-level.ts";
import type { ConfigChange, ConfigDocument, LogLevelName } from "./settings-schema.ts";
import {
  fixedValues,
  leaves,
  nested,
  parseStored,
  type ServerFacts,
  settable,
  settableAmong,
  type Value,
  type Values,
} from "./settings-values.ts";

export interface AppMeshSettings extends Disposable {
  document(): Promise<ConfigDocument>;
  /** All of it or nothing. @returns the paths of what was given and may change
   *  @throws {YardError} invalid; precondition for a value that is set elsewhere (`field` is its path) */
  change(change: ConfigChange): Promise<readonly string[]>;
  description(): Promise<string>;
  /** Which OS user the apps of a user run as, for whom this one is configured; empty: the agent's own. */
  execUserOf(configured: string): Promise<string>;
  /** Whether the certificates of forwarding targets are verified. */
  verifiesTargets(): Promise<boolean>;
}

export interface SettingsParts {
  readonly stored: StoredSettings;
  readonly labels: Labels;
  /** By which replicas tell each other of changes. */
  readonly bus: Bus<Topics>;
  readonly clock: Clock;
  readonly facts: () => ServerFacts;
  readonly logLevel: LogLevelControl;
}

/** Of the row in `settings`. */
const storedKey = "appmesh.config";
/** Replicas learn of one another's changes after this time, also where the bus does not reach. */
const recheckMs = 2_000;
const version = "2.2.1";

export async function createAppMeshSettings(parts: SettingsParts): Promise<AppMeshSettings> {
  const { stored, labels, bus, clock, facts, logLevel } = parts;
  let known = await look();
  if (!logLevel.chosenAtStart) setLogLevel(levelIn(known.values), logLevel);

  async function look() {
    return { values: parseStored(await stored.read(storedKey)), at: clock.monotonic() };
  }

  async function current(): Promise<Values> {
    if (clock.monotonic() - known.at < recheckMs) return known.values;
    const before = levelIn(known.values);
    known = await look();
    if (levelIn(known.values) !== before) setLogLevel(levelIn(known.values), logLevel); // another replica was told
    return known.values;
  }

  /** The log's level is to follow without being asked for. */
  async function lookAgain(): Promise<void> {
    known = { ...known, at: Number.NEGATIVE_INFINITY };
    await current();
  }

  const subscriptions = new DisposableStack();
  subscriptions.use(bus.subscribe("setting.changed", ({ key }) => (key === storedKey ? lookAgain() : undefined)));
  subscriptions.use(bus.onResync(lookAgain));

  async function settingOf<T extends Value>(path: string): Promise<T> {
    return ((await current())[path] ?? settable[path]!.initial) as T;
  }

  return {
    async document() {
      const values = await current();
      const shown = {
        ...initialValues(),
        ...values,
        ...fixedValues(facts()),
        "BaseConfig.Description": values["BaseConfig.Description"] || facts().hostname,
        "BaseConfig.LogLevel": shownLevel(levelIn(values), logLevel.get()),
      };
      return { ...nested(shown), Labels: { ...(await labels.list()) }, Version: version } as ConfigDocument;
    },

    async change(change) {
      const { Labels: newLabels } = change;
      const given = settableAmong(leaves(change), fixedValues(facts()));
      if (newLabels) await labels.replace(newLabels);
      if (Object.keys(given).length > 0) {
        await stored.change(storedKey, (before) => ({ ...parseStored(before), ...given }));
        known = await look();
        setLogLevel(levelIn(given), logLevel);
        await bus.publish("setting.changed", { key: storedKey });
      }
      return [...Object.keys(given), ...(newLabels ? ["Labels"] : [])];
    },

    description: async () => (await settingOf<string>("BaseConfig.Description")) || facts().hostname,

    async execUserOf(configured) {
      if (await settingOf<boolean>("BaseConfig.DisableExecUser")) return "";
      return configured || (await settingOf<string>("BaseConfig.DefaultExecUser"));
    },

    verifiesTargets: () => settingOf<boolean>("REST.SSL.VerifyServerDelegate"),
    [Symbol.dispose]: () => subscriptions.dispose(),
  };
}

function initialValues(): Values {
  return Object.fromEntries(Object.entries(settable).map(([path, { initial }]) => [path, initial]));
}

function levelIn(values: Values): LogLevelName | undefined {
  return values["BaseConfig.LogLevel"] as LogLevelName | undefined;
}

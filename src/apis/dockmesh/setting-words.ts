/** The server's settings as keys and texts: those of the fleet, and the policy for accounts by other names. */
import { Type } from "typebox";
import { Value } from "typebox/value";
import {
  type FleetSettingValues,
  requireAgentUrl,
  requireBaseUrl,
} from "../../containers/fleet-settings/fleet-settings.ts";
import type { AccountPolicy, PolicyChanges } from "../../identity/account-policy.ts";
import { YardError } from "../../platform/errors.ts";
import { PasswordPolicy, policyFromWire, policyToWire, type WirePolicy } from "./policy-words.ts";

export const Setting = Type.Object({ key: Type.String(), value: Type.String() });
export type WireSetting = Type.Static<typeof Setting>;

/** Some settings: as the server lists them, or by their keys. */
export const SettingChanges = Type.Union([
  Type.Array(Setting, { maxItems: 1_000 }),
  Type.Record(Type.String(), Type.String()),
]);

const policyMembers: ReadonlyMap<string, keyof WirePolicy> = new Map([
  ["auth.password_min_length", "min_length"],
  ["auth.password_require_upper", "require_upper"],
  ["auth.password_require_lower", "require_lower"],
  ["auth.password_require_digit", "require_digit"],
  ["auth.password_require_symbol", "require_symbol"],
  ["auth.password_rotation_days", "rotation_days"],
  ["auth.lockout_max_attempts", "lockout_max_attempts"],
  ["auth.lockout_duration_minutes", "lockout_duration_minutes"],
]);

interface FleetSetting {
  read(values: FleetSettingValues): string;
  /** @throws {YardError} invalid */
  change(text: string, key: string): Partial<FleetSettingValues>;
}

const fleetSettings: ReadonlyMap<string, FleetSetting> = new Map<string, FleetSetting>([
  ["base_url", { read: ({ baseUrl }) => baseUrl, change: (text, key) => ({ baseUrl: requireBaseUrl(text, key) }) }],
  [
    "agent_public_url",
    { read: ({ agentUrl }) => agentUrl, change: (text, key) => ({ agentUrl: requireAgentUrl(text, key) }) },
  ],
  [
    "proxy_enabled",
    {
      read: ({ wantsProxy }) => String(wantsProxy),
      change: (text, key) => ({ wantsProxy: parseFlag(text, key) }),
    },
  ],
  [
    "scanner_enabled",
    {
      read: ({ wantsScanner }) => String(wantsScanner),
      change: (text, key) => ({ wantsScanner: parseFlag(text, key) }),
    },
  ],
]);

export function settingsToWire(fleet: FleetSettingValues, policy: AccountPolicy): WireSetting[] {
  const rules = policyToWire(policy);
  return [
    ...Array.from(fleetSettings, ([key, { read }]) => ({ key, value: read(fleet) })),
    ...Array.from(policyMembers, ([key, member]) => ({ key, value: String(rules[member]) })),
  ].sort((one, other) => (one.key < other.key ? -1 : 1));
}

export interface ParsedChanges {
  readonly fleet: Partial<FleetSettingValues>;
  readonly policy: PolicyChanges;
  /** As they were given, the last of those with one key. */
  readonly given: Readonly<Record<string, string>>;
}

/** @throws {YardError} invalid, for a key that there is not and a value that is none */
export function settingsFromWire(body: Type.Static<typeof SettingChanges>): ParsedChanges {
  const given = new Map(Array.isArray(body) ? body.map(({ key, value }) => [key, value]) : Object.entries(body));
  const fleet: Partial<FleetSettingValues>[] = [];
  const rules: [string, number | boolean][] = [];
  for (const [key, text] of given) {
    const member = policyMembers.get(key);
    if (member !== undefined) rules.push([member, parseRule(member, text, key)]);
    else fleet.push(requireSetting(key).change(text, key));
  }
  return {
    fleet: Object.assign({}, ...fleet),
    policy: policyFromWire(Value.Parse(PasswordPolicy, Object.fromEntries(rules))),
    given: Object.fromEntries(given),
  };
}

function requireSetting(key: string): FleetSetting {
  const setting = fleetSettings.get(key);
  if (setting) return setting;
  throw new YardError("invalid", `There is no setting ${JSON.stringify(key.slice(0, 80))}; GET /settings lists them.`);
}

function parseRule(member: keyof WirePolicy, text: string, key: string): number | boolean {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : text === "true" || (text === "false" ? false : text);
  if (typeof value !== "string" && Value.Check(PasswordPolicy.properties[member], value)) return value;
  throw new YardError("invalid", `${JSON.stringify(text.slice(0, 80))} is no value for it, or out of its range.`, {
    field: key,
  });
}

function parseFlag(text: string, key: string): boolean {
  if (text === "true" || text === "1") return true;
  if (text === "false" || text === "0" || text === "") return false;
  throw new YardError("invalid", `Use true or false, not ${JSON.stringify(text.slice(0, 80))}.`, { field: key });
}

/** Every setting there is: the one table that flags, variables, `runyard.yaml`, `runyard config` and the help are made from. */
import type { Setting } from "./setting.ts";
import { apiSettings } from "./settings/apis.ts";
import { roomSettings } from "./settings/rooms.ts";
import { runningSettings } from "./settings/running.ts";
import { scriptSettings } from "./settings/scripts.ts";
import { servingSettings } from "./settings/serving.ts";
import { storeSettings } from "./settings/stores.ts";

export type { Environment, Setting } from "./setting.ts";

export const settings = {
  ...servingSettings,
  ...storeSettings,
  ...runningSettings,
  ...apiSettings,
  ...scriptSettings,
  ...roomSettings,
} as const;

export type SettingKey = keyof typeof settings;
export type SettingValues = {
  readonly [Key in SettingKey]: (typeof settings)[Key] extends Setting<infer T> ? T : never;
};

export const settingKeys = Object.keys(settings) as SettingKey[];

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(settings, key);
}

/** `listen.appmesh` → `listen-appmesh`, the flag without its dashes. */
export function flagOf(key: SettingKey): string {
  return key.replaceAll(".", "-");
}

/** `listen.appmesh` → `RUNYARD_LISTEN_APPMESH`. */
export function variableOf(key: SettingKey): string {
  return `RUNYARD_${key.replace(/[.-]/g, "_").toUpperCase()}`;
}

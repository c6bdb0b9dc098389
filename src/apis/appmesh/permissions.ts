/** App Mesh's permission names and the yard's. A name that neither list knows passes through as it is: roles may hold names of
 *  a user's own, which `/appmesh/auth` then tests. */
import type { Permission } from "../../identity/permissions.ts";

const toYard = {
  "app-view": "apps.view",
  "app-view-all": "apps.list",
  "app-output-view": "apps.output",
  "app-reg": "apps.write",
  "app-control": "apps.control",
  "app-delete": "apps.delete",
  "app-run-async": "apps.run",
  "app-run-sync": "apps.run-sync",
  "app-run-task": "apps.message",
  "file-download": "files.download",
  "file-upload": "files.upload",
  "label-view": "labels.view",
  "label-set": "labels.write",
  "label-delete": "labels.delete",
  "config-view": "config.view",
  "config-set": "config.write",
  "host-resource-view": "hosts.view",
  "passwd-change-self": "password.change-own",
  "passwd-change-user": "password.change-any",
  "user-list": "users.list",
  "user-add": "users.write",
  "user-delete": "users.delete",
  "user-lock": "users.lock",
  "user-unlock": "users.unlock",
  "user-totp-active": "totp.enable-own",
  "user-totp-disable": "totp.disable",
  "user-token-renew": "tokens.renew",
  "role-view": "roles.view",
  "role-set": "roles.write",
  "role-delete": "roles.delete",
  "permission-list": "permissions.list",
} as const satisfies Record<string, Permission>;

export type WirePermission = keyof typeof toYard;

const toWire = new Map<string, string>(Object.entries(toYard).map(([wire, yard]) => [yard, wire]));

export function permissionFromWire(name: string): string {
  return Object.hasOwn(toYard, name) ? toYard[name as WirePermission] : name;
}

export function permissionToWire(name: string): string {
  return toWire.get(name) ?? name;
}

/** Dockmesh's thirteen permissions in words of the yard. Whoever holds all that stands behind one of them holds it. */
import type { Permission } from "../../identity/permissions.ts";
import { mayDo, type Principal } from "../../identity/principal.ts";

export interface WirePermissionFacts {
  readonly description: string;
  readonly grants: readonly Permission[];
}

export const wirePermissions = {
  read: {
    description: "Look at hosts, containers, images, volumes, networks and stacks",
    grants: ["containers.view", "hosts.view"],
  },
  "container.control": { description: "Start, stop, update and remove containers", grants: ["containers.control"] },
  "container.exec": { description: "Use a terminal in a container", grants: ["containers.exec"] },
  "stack.write": { description: "Make, edit and delete stacks", grants: ["stacks.write"] },
  "stack.deploy": { description: "Deploy, stop, scale and roll back stacks", grants: ["stacks.deploy"] },
  "stack.adopt": { description: "Take over running projects", grants: ["stacks.adopt"] },
  "image.write": { description: "Pull and remove images", grants: ["images.write"] },
  "image.scan": { description: "Scan images", grants: ["images.scan"] },
  "network.write": { description: "Make and remove networks", grants: ["networks.write"] },
  "volume.write": { description: "Make and remove volumes", grants: ["volumes.write"] },
  "user.manage": {
    description: "Manage users, roles, hosts, registries and settings",
    grants: [
      ...(["fleet.manage", "users.list", "users.write", "users.delete", "users.lock", "users.unlock"] as const),
      ...(["password.change-any", "totp.disable", "roles.view", "roles.write", "roles.delete"] as const),
      ...(["permissions.list", "hosts.write", "config.view", "config.write"] as const),
    ],
  },
  "audit.read": { description: "Read the audit log", grants: ["audit.view"] },
  "metrics.read": { description: "Read the server's metrics", grants: ["metrics.view"] },
} as const satisfies Readonly<Record<string, WirePermissionFacts>>;

/** Here nobody needs a permission to change their own account; elsewhere they do. */
export const everybodysPermissions: readonly Permission[] = ["password.change-own", "totp.enable-own", "tokens.renew"];

export type WirePermission = keyof typeof wirePermissions;

export function holds(principal: Principal, permission: WirePermission): boolean {
  return wirePermissions[permission].grants.every((one) => mayDo(principal, one));
}

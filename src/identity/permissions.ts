/** Every permission of the yard. APIs translate their own names into these; roles may also hold names that only an API knows. */
export const permissions = [
  "apps.view",
  "apps.list",
  "apps.output",
  "apps.write",
  "apps.control",
  "apps.delete",
  "apps.run",
  "apps.run-sync",
  "apps.message",
  "files.download",
  "files.upload",
  "labels.view",
  "labels.write",
  "labels.delete",
  "config.view",
  "config.write",
  "hosts.view",
  "password.change-own",
  "password.change-any",
  "users.list",
  "users.write",
  "users.delete",
  "users.lock",
  "users.unlock",
  "totp.enable-own",
  "totp.disable",
  "tokens.renew",
  "roles.view",
  "roles.write",
  "roles.delete",
  "permissions.list",
  "audit.view",
  "scripts.run",
  "scripts.view",
  "snapshots.view",
  "snapshots.write",
  "tasks.view",
  "tasks.submit",
  "tasks.control",
  "workers.view",
  "workers.control",
  "workers.register",
  "blobs.read",
  "blobs.write",
  "teams.create",
  "teams.write",
  // Look at capsules and templates; make, use and end capsules; make and remove templates.
  "capsules.view",
  "capsules.run",
  "templates.write",
  // Notification channels of a team.
  "channels.view",
  "channels.write",
  // Let machines join as hosts of a team, and remove those.
  "hosts.write",
  // Keys of a team.
  "keys.view",
  "keys.write",
  // Look at the containers, images, volumes, networks and stacks of all hosts; act on each.
  "containers.view",
  "containers.control",
  "containers.exec",
  // Give containers what reaches beyond them: parts of the host's file system, its devices, namespaces and privileges.
  "containers.host-access",
  "stacks.write",
  "stacks.deploy",
  "stacks.adopt",
  "images.write",
  "images.scan",
  "networks.write",
  "volumes.write",
  // Registries, settings, alerts and agents of the fleet of engines.
  "fleet.manage",
  "metrics.view",
] as const;
export type Permission = (typeof permissions)[number];

const ownAccount = ["password.change-own", "totp.enable-own", "tokens.renew"] as const;
const teamWork = ["teams.create", "teams.write"] as const;
const taskView = ["tasks.view", "workers.view", "blobs.read"] as const;
const taskWork = ["tasks.submit", "tasks.control", "workers.control", "workers.register", "blobs.write"] as const;
const capsuleView = ["capsules.view", "channels.view", "keys.view"] as const;
const capsuleWork = ["capsules.run", "templates.write", "channels.write", "hosts.write", "keys.write"] as const;

/** What built-in roles are shown as, where their names say too little. */
export const builtinRoleNames: Readonly<Record<string, string>> = {
  admin: "Administrator",
  operator: "Operator",
  viewer: "Viewer",
};

/** The roles that a new yard has, with what they grant. `admin` holds everything, also what later versions add. A permission that is new in
 *  a version is added to the roles of older yards once (builtin-roles.ts); one that the yard has had and that is added to a role here reaches new yards alone. */
export const builtinRoles: Readonly<Record<string, readonly (Permission | "*")[]>> = {
  admin: ["*"],
  manage: [
    "apps.control",
    "apps.delete",
    "apps.write",
    "config.write",
    "files.download",
    "files.upload",
    "labels.delete",
    "labels.write",
  ],
  shell: [
    "apps.run",
    "apps.run-sync",
    "apps.message",
    "scripts.run",
    "snapshots.write",
    ...taskWork,
    ...teamWork,
    ...capsuleWork,
  ],
  // For whoever queues tasks and runs workers, and has nothing to do on the yard's own machine.
  tasks: [...taskView, ...taskWork, ...teamWork, ...ownAccount],
  // For whoever has signed up: capsules, teams and what belongs to them, and nothing on the yard's own machine.
  capsules: [...capsuleView, ...capsuleWork, ...teamWork, ...ownAccount],
  // For whoever runs what others have written: containers and stacks.
  operator: [
    "containers.view",
    "containers.control",
    "containers.exec",
    "stacks.deploy",
    "images.scan",
    "hosts.view",
    "audit.view",
    ...ownAccount,
  ],
  // For whoever looks at containers and stacks.
  viewer: ["containers.view", "hosts.view", ...ownAccount],
  usermgr: [
    "users.write",
    "password.change-any",
    "users.delete",
    "users.lock",
    "roles.delete",
    "roles.write",
    "totp.disable",
    "users.unlock",
  ],
  view: [
    "config.view",
    "labels.view",
    "roles.view",
    "users.list",
    "permissions.list",
    "apps.list",
    "apps.view",
    "apps.output",
    "hosts.view",
    "scripts.view",
    "snapshots.view",
    ...taskView,
    ...capsuleView,
    ...ownAccount,
  ],
};

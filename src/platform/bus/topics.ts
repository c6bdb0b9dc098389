/** What the yard's parts tell each other: each topic with its event. Events are plain JSON, so that a bus between several
 *  processes can carry them, and small: they say what to look at again, not what it looks like now. */
export type Topics = {
  /** A login has ended: logoff, expiry of a family, a lock. */
  "session.revoked": { readonly sessionId: string };
  /** A user's state, password, roles, teams or token epoch. */
  "user.changed": { readonly userId: string };
  /** What a role grants. */
  "role.changed": { readonly name: string };
  /** Added, changed or removed. */
  "app.changed": { readonly appId: string; readonly name: string };
};

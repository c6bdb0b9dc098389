/** Makes changes of identity act at once: verified credentials that rest on what changed are forgotten here, and every replica is told. */
import type { Bus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";

/** What forgets verified credentials: the authenticator's cache. */
export interface Forgetful {
  drop(tag: string): void;
  clear(): void;
}

/** Call these after the change was committed, and await them before the caller is answered. */
export interface Changes {
  sessionRevoked(sessionId: string): Promise<void>;
  userChanged(userId: string): Promise<void>;
  roleChanged(name: string): Promise<void>;
}

export const sessionTag = (sessionId: string) => `session:${sessionId}`;
export const userTag = (userId: string) => `user:${userId}`;

export function createChanges({ bus, cache }: { bus: Bus<Topics>; cache: Forgetful }): Changes {
  return {
    // The own cache is told directly: it must not depend on a bus that may be a network away.
    async sessionRevoked(sessionId) {
      cache.drop(sessionTag(sessionId));
      await bus.publish("session.revoked", { sessionId });
    },
    async userChanged(userId) {
      cache.drop(userTag(userId));
      await bus.publish("user.changed", { userId });
    },
    async roleChanged(name) {
      cache.clear(); // roles change seldom and may be held by anyone
      await bus.publish("role.changed", { name });
    },
  };
}

/** Follows the changes that other replicas made. */
export function followChanges({ bus, cache }: { bus: Bus<Topics>; cache: Forgetful }): Disposable {
  const subscriptions = new DisposableStack();
  subscriptions.use(bus.subscribe("session.revoked", ({ sessionId }) => cache.drop(sessionTag(sessionId))));
  subscriptions.use(bus.subscribe("user.changed", ({ userId }) => cache.drop(userTag(userId))));
  subscriptions.use(bus.subscribe("role.changed", () => cache.clear()));
  subscriptions.use(bus.onResync(() => cache.clear()));
  return subscriptions;
}

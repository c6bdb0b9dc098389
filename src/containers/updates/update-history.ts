/** Which images containers were made of before, so that they can go back. Containers are known by host and name: a new one has another id. */
import type { Database } from "../../platform/db/database.ts";

export interface ContainerUpdate {
  readonly id: number;
  readonly hostId: string;
  readonly containerName: string;
  /** As the container names it. */
  readonly image: string;
  /** Ids. */
  readonly oldImageId: string;
  readonly newImageId: string;
  /** The name that keeps the old image. */
  readonly keptAs: string;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
  readonly rolledBackAt: number | null;
}

export type ContainerPlace = Pick<ContainerUpdate, "hostId" | "containerName">;

/** Updates that were carried out: what is under way is not among them. */
export interface UpdateHistory {
  /** Newest first, at most 20. */
  list(place: ContainerPlace): Promise<readonly ContainerUpdate[]>;
  /** Undefined: there is none, or it is another container's. */
  find(place: ContainerPlace, id: number): Promise<ContainerUpdate | undefined>;
  /** Forgets those of a container that are too old to be listed. @returns them */
  forgetOld(place: ContainerPlace): Promise<readonly ContainerUpdate[]>;
}

const mostKept = 20;

export function createUpdateHistory({ database }: { database: Database }): UpdateHistory {
  const db = database.kysely;
  const columns = [
    ...(["id", "host_id as hostId", "container_name as containerName", "image", "old_image_id as oldImageId"] as const),
    ...(["new_image_id as newImageId", "kept_as as keptAs", "updated_at as updatedAt"] as const),
    "rolled_back_at as rolledBackAt" as const,
  ] as const;
  const underWay = () => db.selectFrom("container_exchanges").select("update_id").where("is_rollback", "=", 0);

  const ofPlace = ({ hostId, containerName }: ContainerPlace) =>
    db
      .selectFrom("container_updates")
      .select(columns)
      .where("host_id", "=", hostId)
      .where("container_name", "=", containerName)
      .where("id", "not in", underWay());

  return {
    list: (place) => ofPlace(place).orderBy("id", "desc").limit(mostKept).execute(),
    find: (place, id) => ofPlace(place).where("id", "=", id).executeTakeFirst(),
    async forgetOld(place) {
      const [oldest] = await ofPlace(place).orderBy("id", "desc").limit(1).offset(mostKept).execute();
      if (!oldest) return [];
      const old = await ofPlace(place).where("id", "<=", oldest.id).execute();
      await db
        .deleteFrom("container_updates")
        .where(
          "id",
          "in",
          old.map(({ id }) => id),
        )
        .execute();
      return old;
    },
  };
}
